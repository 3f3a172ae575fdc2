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
 * Closes connections whose headers do not come: every byte begins Jetty's idle time anew, so that a client could hold a connection with a
 * byte a minute. The first request has so long from the connect on, its TLS handshake included; a later one from when its first bytes were
 * seen. Nobody is timed while a request is answered.
 */
final class HeaderTimeout extends AbstractLifeCycle implements Connection.Listener {
    private static final Logger LOG = LoggerFactory.getLogger(HeaderTimeout.class);
    /** How often within the time it is looked. */
    private static final int LOOKS = 10;

    private final Scheduler scheduler;
    private final Duration time;
    private final Map<Connection, Headers> open = new ConcurrentHashMap<>();

    HeaderTimeout(Scheduler scheduler, Duration time) {
        this.scheduler = scheduler;
        this.time = time;
    }

    /**
     * What was seen of the headers that a connection waits for.
     *
     * @param before how many requests came before them
     * @param bytes how many bytes came before them, those of the answered request's body included
     * @param begun whether something of them has come
     * @param since when they began, by {@link System#nanoTime}
     */
    private record Headers(long before, long bytes, boolean begun, long since) {
        Headers seen(long requests, long bytesNow, long now) {
            if (requests != before) {
                return new Headers(requests, bytesNow, false, now);
            }
            return !begun && bytesNow > bytes ? new Headers(before, bytes, true, now) : this;
        }
    }

    @Override
    public void onOpened(Connection connection) {
        // That of HTTP, inside of TLS: it knows the requests, and is opened with the other.
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
        lookLater();
    }

    private void lookLater() {
        scheduler.schedule(this::look, Math.max(1, time.toMillis() / LOOKS), TimeUnit.MILLISECONDS);
    }

    private void look() {
        if (!isRunning()) {
            return;
        }
        long now = System.nanoTime();
        for (Connection connection : open.keySet()) {
            var headers = open.computeIfPresent(
                    connection, (key, seen) -> seen.seen(connection.getMessagesIn(), connection.getBytesIn(), now));
            if (headers != null && headers.begun && now - headers.since > time.toNanos()) {
                close(connection);
            }
        }
        lookLater();
    }

    private static void close(Connection connection) {
        EndPoint end = SocketOptions.of(connection);
        LOG.debug("the headers of {} do not come: closing the connection", end.getRemoteSocketAddress());
        end.close();
    }
}
