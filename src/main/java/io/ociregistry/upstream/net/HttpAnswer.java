package io.ociregistry.upstream.net;

import io.ociregistry.upstream.address.Origin;
import java.io.IOException;
import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.HttpEntity;

/**
 * An answer, whatever its status, and the request that got it: to be cancelled where the body is not read to its end.
 *
 * <p>Neither method throws: the status and the headers are known, and a connection that breaks afterwards does not change them.
 */
public record HttpAnswer(HttpUriRequestBase request, ClassicHttpResponse response, Origin from)
        implements AutoCloseable {
    /** Bytes of a body that are read to keep the connection for the next request. */
    private static final int SHORT = 16 << 10;

    /** Reads the rest if it is short, so that the connection can be used again. */
    public void skip() {
        HttpEntity entity = response.getEntity();
        try {
            if (entity == null || entity.getContent().readNBytes(SHORT).length < SHORT) {
                response.close();
                return;
            }
        } catch (IOException broken) {
            // Then it can't be used again.
        }
        discard();
    }

    /** The same as {@link #discard}. */
    @Override
    public void close() {
        discard();
    }

    /** Breaks the connection, unless all has been read. */
    public void discard() {
        // Closing alone would read the rest: tried, 200 MB.
        request.cancel();
        try {
            response.close();
        } catch (IOException broken) {
            // That is what was asked for.
        }
    }
}
