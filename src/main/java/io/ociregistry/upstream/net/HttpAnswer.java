package io.ociregistry.upstream.net;

import io.ociregistry.upstream.address.Origin;
import java.io.IOException;
import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.HttpEntity;

/**
 * An answer with any status, and its request, which must be cancelled if the body is not read to its end.
 *
 * <p>No method throws: status and headers are known, and a connection that breaks later does not change them.
 *
 * @param origin the origin that answered
 */
public record HttpAnswer(HttpUriRequestBase request, ClassicHttpResponse response, Origin origin)
        implements AutoCloseable {
    /** Maximum number of bytes that are read to keep the connection for the next request. */
    private static final int MAX_SKIPPED = 16 << 10;

    /** Reads the rest of the body if it is short, so that the connection can be reused; otherwise discards it. */
    public void consumeOrAbort() {
        HttpEntity entity = response.getEntity();
        try {
            if (entity == null || entity.getContent().readNBytes(MAX_SKIPPED).length < MAX_SKIPPED) {
                response.close();
                return;
            }
        } catch (IOException broken) {
            // A broken connection cannot be reused.
        }
        abort();
    }

    @Override
    public void close() {
        abort();
    }

    /** Aborts the connection, unless the whole body was read. */
    public void abort() {
        // close() alone reads the rest of the body, as a test with 200 MB showed.
        request.cancel();
        try {
            response.close();
        } catch (IOException broken) {
            // The connection is aborted, as intended.
        }
    }
}
