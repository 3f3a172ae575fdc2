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
 * Connections that are kept for the next request until the pool is retired; after that they are closed when their request is over.
 *
 * <p>A kept connection may be dead without a sign: a NAT that was restarted drops its packets. So a request on a kept connection waits for the
 * head of the answer only as long as the {@link HeadTimes} of this pool suggest, and fails with {@link Unusable} whatever happens to it.
 */
final class DrainablePool implements HttpClientConnectionManager {
    private final PoolingHttpClientConnectionManager pool;
    private final HeadTimes heads;
    private volatile boolean retired;

    DrainablePool(PoolingHttpClientConnectionManager pool, HeadTimes heads) {
        this.pool = pool;
        this.heads = heads;
    }

    /** A request got no answer on a kept connection. This says nothing about the upstream. */
    static final class Unusable extends IOException {
        private static final long serialVersionUID = 1L;

        private final IOException reason;
        private final long sent;

        private Unusable(IOException reason, long sent) {
            super(reason);
            this.reason = reason;
            this.sent = sent;
        }

        IOException reason() {
            return reason;
        }

        /** The {@link System#nanoTime()} at which the request was sent: connections that were idle then are no better. */
        long sent() {
            return sent;
        }
    }

    void retire() {
        retired = true;
        closeIdleFor(TimeValue.ZERO_MILLISECONDS);
    }

    /** Closes the connections that have been idle since that {@link System#nanoTime()}. */
    void closeIdleSince(long nanoTime) {
        closeIdleFor(TimeValue.of(Duration.ofNanos(System.nanoTime() - nanoTime)));
    }

    private void closeIdleFor(TimeValue time) {
        pool.closeIdle(time);
    }

    @Override
    public void release(ConnectionEndpoint endpoint, @Nullable Object state, @Nullable TimeValue keepAlive) {
        pool.release(leased(endpoint), state, keepAlive);
        // Checked afterwards: retire() closes the connections that are idle by then.
        if (retired) {
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

    /** A connection during one request. One thread's, except for closing. */
    private final class Leased extends ConnectionEndpoint {
        private final ConnectionEndpoint endpoint;
        private final boolean kept;
        private Timeout timeout = Timeout.DISABLED;

        Leased(ConnectionEndpoint endpoint) {
            this.endpoint = endpoint;
            this.kept = endpoint.isConnected();
        }

        @Override
        public ClassicHttpResponse execute(
                String id, ClassicHttpRequest request, RequestExecutor executor, HttpContext context)
                throws IOException, HttpException {
            long sent = System.nanoTime();
            if (!kept) {
                ClassicHttpResponse answer = endpoint.execute(id, request, executor, context);
                heads.took(Duration.ofNanos(System.nanoTime() - sent));
                return answer;
            }
            try {
                endpoint.setSocketTimeout(Timeout.of(heads.patience(timeout.toDuration())));
                ClassicHttpResponse answer = endpoint.execute(id, request, executor, context);
                endpoint.setSocketTimeout(timeout);
                heads.took(Duration.ofNanos(System.nanoTime() - sent));
                return answer;
            } catch (IOException e) {
                throw new Unusable(e, sent);
            }
        }

        @Override
        @SuppressWarnings("deprecation") // abstract all the same
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
