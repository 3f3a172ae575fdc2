package io.ociregistry.upstream;

import java.io.IOException;
import org.apache.hc.client5.http.HttpRoute;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManager;
import org.apache.hc.client5.http.io.ConnectionEndpoint;
import org.apache.hc.client5.http.io.HttpClientConnectionManager;
import org.apache.hc.client5.http.io.LeaseRequest;
import org.apache.hc.core5.http.protocol.HttpContext;
import org.apache.hc.core5.io.CloseMode;
import org.apache.hc.core5.util.TimeValue;
import org.apache.hc.core5.util.Timeout;
import org.jspecify.annotations.Nullable;

/** Connections that are kept for the next request until they are retired, and from then on closed when their request is over. */
final class RetirablePool implements HttpClientConnectionManager {
    private final PoolingHttpClientConnectionManager pool;
    private volatile boolean retired;

    RetirablePool(PoolingHttpClientConnectionManager pool) {
        this.pool = pool;
    }

    void retire() {
        retired = true;
        closeIdle();
    }

    @Override
    public void release(ConnectionEndpoint endpoint, @Nullable Object state, @Nullable TimeValue keepAlive) {
        pool.release(endpoint, state, keepAlive);
        // Looked at afterwards: whoever retires it closes what is idle by then.
        if (retired) {
            closeIdle();
        }
    }

    private void closeIdle() {
        pool.closeIdle(TimeValue.ZERO_MILLISECONDS);
    }

    @Override
    public LeaseRequest lease(String id, HttpRoute route, Timeout timeout, @Nullable Object state) {
        return pool.lease(id, route, timeout, state);
    }

    @Override
    public void connect(ConnectionEndpoint endpoint, TimeValue timeout, HttpContext context) throws IOException {
        pool.connect(endpoint, timeout, context);
    }

    @Override
    public void upgrade(ConnectionEndpoint endpoint, HttpContext context) throws IOException {
        pool.upgrade(endpoint, context);
    }

    @Override
    public void close() {
        pool.close();
    }

    @Override
    public void close(CloseMode mode) {
        pool.close(mode);
    }
}
