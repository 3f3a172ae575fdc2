package io.ociregistry.upstream.net;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.function.LongSupplier;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.io.entity.HttpEntityWrapper;

/**
 * A body that fails if it arrives at less than 128 bytes a second on average, after a grace period.
 *
 * <p>Otherwise, an upstream that sends a byte now and then would block a thread and all requests for the same content
 * forever. The rate is low enough for a manifest that shares the slowest of links with a few layers. For use by one
 * thread.
 */
final class MinRateStream extends FilterInputStream {
    private static final int BYTES_PER_SECOND = 128;

    private final Duration grace;
    private final LongSupplier nanoTime;
    private final long startNanos;
    private long count;

    /**
     * Starts the clock.
     *
     * @param grace the time for which any rate is accepted
     */
    MinRateStream(InputStream in, Duration grace, LongSupplier nanoTime) {
        super(in);
        this.grace = grace;
        this.nanoTime = nanoTime;
        this.startNanos = nanoTime.getAsLong();
    }

    @Override
    public int read() throws IOException {
        int value = super.read();
        return value < 0 ? value : counted(value, 1);
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        int read = super.read(bytes, offset, length);
        return read < 0 ? read : counted(read, read);
    }

    private int counted(int result, int bytes) throws TooSlow {
        count += bytes;
        Duration elapsed = Duration.ofNanos(nanoTime.getAsLong() - startNanos);
        if (elapsed.compareTo(grace) > 0 && count < BYTES_PER_SECOND * elapsed.toSeconds()) {
            throw new TooSlow("only " + count + " bytes arrived in " + elapsed.toSeconds() + " s");
        }
        return result;
    }

    /** Returns an entity whose body is read at the minimum rate. */
    static HttpEntity entity(HttpEntity entity, Duration grace) {
        return new HttpEntityWrapper(entity) {
            @Override
            public InputStream getContent() throws IOException {
                return new MinRateStream(super.getContent(), grace, System::nanoTime);
            }
        };
    }

    /** Reports that a body arrived at less than the minimum rate. */
    static final class TooSlow extends SocketTimeoutException {
        private static final long serialVersionUID = 1L;

        TooSlow(String message) {
            super(message);
        }
    }
}
