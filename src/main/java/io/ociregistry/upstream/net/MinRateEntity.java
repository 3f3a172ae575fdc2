package io.ociregistry.upstream.net;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.io.entity.HttpEntityWrapper;

/** The body of a small answer, read at a minimum rate ({@link MinRateStream}). */
final class MinRateEntity extends HttpEntityWrapper {
    private final Duration grace;

    MinRateEntity(HttpEntity entity, Duration grace) {
        super(entity);
        this.grace = grace;
    }

    @Override
    public InputStream getContent() throws IOException {
        return new MinRateStream(super.getContent(), grace, System::nanoTime);
    }
}
