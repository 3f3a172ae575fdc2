package io.ociregistry.upstream.net;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.apache.hc.client5.http.EndpointInfo;
import org.apache.hc.client5.http.HttpRoute;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManager;
import org.apache.hc.client5.http.io.ConnectionEndpoint;
import org.apache.hc.client5.http.io.HttpClientConnectionManager;
import org.apache.hc.client5.http.io.LeaseRequest;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.impl.io.HttpRequestExecutor;
import org.apache.hc.core5.http.protocol.HttpContext;
import org.apache.hc.core5.io.CloseMode;
import org.apache.hc.core5.util.TimeValue;
import org.apache.hc.core5.util.Timeout;
import org.jspecify.annotations.Nullable;

/**
 * A connection pool that keeps connections for the next request until it is drained. After that, each connection is
 * closed when its request ends.
 *
 * <p>A kept connection may be dead without a sign, for example after the restart of a NAT that then drops its packets.
 * So a request on a kept connection waits for the headers of the answer only as long as the {@link HeadTimes} of this
 * pool suggest, and each failure of such a request is {@link StaleConnectionException}. Thread-safe.
 */
final class DrainablePool implements HttpClientConnectionManager {
    private final PoolingHttpClientConnectionManager pool;
    private final HeadTimes heads;
    private volatile boolean drained;

    DrainablePool(PoolingHttpClientConnectionManager pool, HeadTimes heads) {
        this.pool = pool;
        this.heads = heads;
    }

    /** A request got no answer on a kept connection. This does not mean that the upstream is at fault. */
    static final class StaleConnectionException extends IOException {
        private static final long serialVersionUID = 1L;

        private final IOException reason;
        private final long sent;

        private StaleConnectionException(IOException reason, long sent) {
            super(reason);
            this.reason = reason;
            this.sent = sent;
        }

        IOException reason() {
            return reason;
        }

        /**
         * Returns the {@link System#nanoTime()} at which the request was sent; connections that were idle then may be
         * dead too.
         */
        long sentNanos() {
            return sent;
        }
    }

    void drain() {
        drained = true;
        closeIdleFor(TimeValue.ZERO_MILLISECONDS);
    }

    /** Closes the connections that have been idle since this {@link System#nanoTime()}. */
    void closeIdleSince(long nanoTime) {
        closeIdleFor(TimeValue.of(Duration.ofNanos(System.nanoTime() - nanoTime)));
    }

    private void closeIdleFor(TimeValue time) {
        pool.closeIdle(time);
    }

    @Override
    public void release(ConnectionEndpoint endpoint, @Nullable Object state, @Nullable TimeValue keepAlive) {
        pool.release(leased(endpoint), state, keepAlive);
        // Checked after the release, because draining closes only the connections that are idle at that moment.
        if (drained) {
            closeIdleFor(TimeValue.ZERO_MILLISECONDS);
        }
    }

    @Override
    public LeaseRequest lease(String id, HttpRoute route, Timeout timeout, @Nullable Object state) {
        LeaseRequest request = pool.lease(id, route, timeout, state);
        return new LeaseRequest() {
            @Override
            public ConnectionEndpoint get(Timeout limit)
                    throws InterruptedException, ExecutionException, TimeoutException {
                return new Leased(request.get(limit));
            }

            @Override
            public boolean cancel() {
                return request.cancel();
            }
        };
    }

    @Override
    public void connect(ConnectionEndpoint endpoint, TimeValue timeout, HttpContext context) throws IOException {
        pool.connect(leased(endpoint), timeout, context);
    }

    @Override
    public void upgrade(ConnectionEndpoint endpoint, HttpContext context) throws IOException {
        pool.upgrade(leased(endpoint), context);
    }

    private static ConnectionEndpoint leased(ConnectionEndpoint endpoint) {
        return ((Leased) endpoint).endpoint;
    }

    @Override
    public void close() {
        pool.close();
    }

    @Override
    public void close(CloseMode mode) {
        pool.close(mode);
    }

    /** A connection during one request. Used by one thread; only closing is thread-safe. */
    private final class Leased extends ConnectionEndpoint {
        private final ConnectionEndpoint endpoint;
        private final boolean reused;
        private Timeout timeout = Timeout.DISABLED;

        Leased(ConnectionEndpoint endpoint) {
            this.endpoint = endpoint;
            this.reused = endpoint.isConnected();
        }

        @Override
        public ClassicHttpResponse execute(
                String id, ClassicHttpRequest request, RequestExecutor executor, HttpContext context)
                throws IOException, HttpException {
            long sent = System.nanoTime();
            if (!reused) {
                ClassicHttpResponse answer = endpoint.execute(id, request, executor, context);
                heads.add(Duration.ofNanos(System.nanoTime() - sent));
                return answer;
            }
            try {
                endpoint.setSocketTimeout(Timeout.of(heads.timeout(timeout.toDuration())));
                ClassicHttpResponse answer = endpoint.execute(id, request, executor, context);
                endpoint.setSocketTimeout(timeout);
                heads.add(Duration.ofNanos(System.nanoTime() - sent));
                return answer;
            } catch (IOException e) {
                throw new StaleConnectionException(e, sent);
            }
        }

        @Override
        @SuppressWarnings("deprecation") // deprecated, but abstract
        public ClassicHttpResponse execute(
                String id, ClassicHttpRequest request, HttpRequestExecutor executor, HttpContext context)
                throws IOException, HttpException {
            return execute(id, request, executor::execute, context);
        }

        @Override
        public boolean isConnected() {
            return endpoint.isConnected();
        }

        @Override
        public void setSocketTimeout(Timeout time) {
            timeout = time;
            endpoint.setSocketTimeout(time);
        }

        @Override
        public EndpointInfo getInfo() {
            return endpoint.getInfo();
        }

        @Override
        public void close() throws IOException {
            endpoint.close();
        }

        @Override
        public void close(CloseMode mode) {
            endpoint.close(mode);
        }
    }
}
