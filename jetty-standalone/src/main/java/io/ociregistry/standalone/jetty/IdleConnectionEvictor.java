package io.ociregistry.standalone.jetty;

import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.IdleTimeout;
import org.eclipse.jetty.io.ssl.SslConnection;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.component.AbstractLifeCycle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Closes the connections that have been idle longest when the limit of connections is reached.
 *
 * <p>Clients keep connections open that they may never use again, and a health check must not wait for these. A
 * connection with a request in flight is never closed; if all are busy, new clients wait, and a warning is logged.
 */
final class IdleConnectionEvictor extends AbstractLifeCycle implements Connection.Listener {
    private static final Logger LOG = LoggerFactory.getLogger(IdleConnectionEvictor.class);
    /** The minimum idle time of a connection to close; the pause between two requests of a pull is shorter. */
    private static final Duration MIN_IDLE = Duration.ofMillis(500);

    /**
     * One of so many connections is closed at a time: Jetty visits all connections whenever their number reaches the
     * limit or falls below it.
     */
    private static final int CONNECTIONS_PER_CLOSED = 64;

    private static final Duration WARN_EVERY = Duration.ofMinutes(1);

    private final ServerConnector connector;
    private final int limit;
    private final Set<Connection> open = ConcurrentHashMap.newKeySet();
    private long warned = System.nanoTime() - WARN_EVERY.toNanos(); // guarded by this

    IdleConnectionEvictor(ServerConnector connector, int limit) {
        this.connector = connector;
        this.limit = limit;
    }

    /** A connection and its idle time when it was checked. */
    private record Idle(Connection connection, long millis) {}

    @Override
    public void onOpened(Connection connection) {
        // Only the HTTP connection, which knows whether it waits for a request, and not the TLS connection around it.
        if (!(connection instanceof SslConnection)) {
            open.add(connection);
            if (!makesRoom()) {
                scheduleCheck();
            }
        }
    }

    @Override
    public void onClosed(Connection connection) {
        open.remove(connection);
    }

    private void scheduleCheck() {
        connector.getScheduler().schedule(this::check, MIN_IDLE.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void check() {
        if (isRunning() && !makesRoom()) {
            warn();
            scheduleCheck();
        }
    }

    /** Closes idle connections if the limit is reached; false if it is reached and none is idle. */
    private boolean makesRoom() {
        if (open.size() < limit) {
            return true;
        }
        List<Connection> idle = longestIdle();
        idle.forEach(this::close);
        return !idle.isEmpty();
    }

    private List<Connection> longestIdle() {
        return open.stream()
                .filter(connection -> connection.getEndPoint().isFillInterested())
                .map(connection -> new Idle(connection, idleMillis(connection)))
                .filter(idle -> idle.millis >= MIN_IDLE.toMillis())
                .sorted(Comparator.comparingLong(Idle::millis).reversed())
                .limit(Math.max(1, limit / CONNECTIONS_PER_CLOSED))
                .map(Idle::connection)
                .toList();
    }

    private static long idleMillis(Connection connection) {
        return SocketEndPoints.of(connection) instanceof IdleTimeout socket ? socket.getIdleFor() : 0;
    }

    private void close(Connection connection) {
        open.remove(connection);
        EndPoint end = SocketEndPoints.of(connection);
        LOG.debug("closing the idle connection of {}: all {} are in use", end.getRemoteSocketAddress(), limit);
        end.close();
    }

    private synchronized void warn() {
        long now = System.nanoTime();
        if (now - warned >= WARN_EVERY.toNanos()) {
            warned = now;
            LOG.warn(
                    "all {} connections of port {} are in use and none is idle: new clients and health checks wait",
                    limit,
                    connector.getLocalPort());
        }
    }
}
