package io.ociregistry.standalone.jetty;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.ssl.SslConnection;
import org.eclipse.jetty.util.component.AbstractLifeCycle;
import org.eclipse.jetty.util.thread.Scheduler;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Closes connections whose request headers do not arrive in time. Jetty's idle timeout is not enough: every byte resets
 * it, so that a client could hold a connection with one byte per minute.
 *
 * <p>The time of the first request starts with the connection and includes the TLS handshake; that of a later request
 * starts when its first bytes were seen. No time runs while a request is answered.
 */
final class HeaderTimeout extends AbstractLifeCycle implements Connection.Listener {
    private static final Logger LOG = LoggerFactory.getLogger(HeaderTimeout.class);
    /** The number of checks per timeout. */
    private static final int CHECKS_PER_TIMEOUT = 10;

    private final Scheduler scheduler;
    private final Duration timeout;
    private final Map<Connection, Headers> open = new ConcurrentHashMap<>();

    HeaderTimeout(Scheduler scheduler, Duration timeout) {
        this.scheduler = scheduler;
        this.timeout = timeout;
    }

    /**
     * The state of the headers that a connection waits for.
     *
     * @param requests the number of requests before them
     * @param bytes the number of bytes before them, those of the previous request's body included
     * @param started whether some of their bytes have arrived
     * @param since the time of their start, by {@link System#nanoTime}
     */
    private record Headers(long requests, long bytes, boolean started, long since) {
        Headers update(long requestsNow, long bytesNow, long now) {
            if (requestsNow != requests) {
                return new Headers(requestsNow, bytesNow, false, now);
            }
            return !started && bytesNow > bytes ? new Headers(requests, bytes, true, now) : this;
        }
    }

    @Override
    public void onOpened(Connection connection) {
        // Only the HTTP connection, which counts requests; the TLS connection around it is opened at the same time.
        if (!(connection instanceof SslConnection)) {
            open.put(connection, new Headers(0, 0, true, System.nanoTime()));
        }
    }

    @Override
    public void onClosed(Connection connection) {
        open.remove(connection);
    }

    @Override
    protected void doStart() {
        scheduleCheck();
    }

    private void scheduleCheck() {
        long millis = Math.max(1, timeout.toMillis() / CHECKS_PER_TIMEOUT);
        scheduler.schedule(this::check, millis, TimeUnit.MILLISECONDS);
    }

    private void check() {
        if (!isRunning()) {
            return;
        }
        long now = System.nanoTime();
        for (Connection connection : open.keySet()) {
            var headers = open.computeIfPresent(
                    connection, (key, last) -> last.update(connection.getMessagesIn(), connection.getBytesIn(), now));
            if (headers != null && headers.started && now - headers.since > timeout.toNanos()) {
                close(connection);
            }
        }
        scheduleCheck();
    }

    private static void close(Connection connection) {
        EndPoint end = SocketEndPoints.of(connection);
        LOG.debug("closing the connection of {}: its headers did not arrive in time", end.getRemoteSocketAddress());
        end.close();
    }
}
