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
 * Lets the next client in when all connections are taken, by closing those that have waited longest for a request: clients keep connections
 * that they may never use again, and a health check is not to wait behind those. Where an answer is on its way nothing is closed; while all
 * are like that new clients wait, which is logged.
 */
final class IdleConnectionEvictor extends AbstractLifeCycle implements Connection.Listener {
    private static final Logger LOG = LoggerFactory.getLogger(IdleConnectionEvictor.class);
    /** Between two requests of one pull there is less. */
    private static final Duration IDLE = Duration.ofMillis(500);

    /** A share of the connections: Jetty looks at every one of them whenever they begin or end to be too many. */
    private static final int AT_ONCE = 64;

    private static final Duration WARN_EVERY = Duration.ofMinutes(1);

    private final ServerConnector connector;
    private final int most;
    private final Set<Connection> open = ConcurrentHashMap.newKeySet();
    private long warned = System.nanoTime() - WARN_EVERY.toNanos(); // guarded by this

    /** @param most how many connections there may be of it */
    IdleConnectionEvictor(ServerConnector connector, int most) {
        this.connector = connector;
        this.most = most;
    }

    /** How long a connection had waited when it was looked at. */
    private record Waiting(Connection connection, long millis) {}

    @Override
    public void onOpened(Connection connection) {
        // That of HTTP, inside of TLS: it knows whether it waits for a request.
        if (!(connection instanceof SslConnection)) {
            open.add(connection);
            if (!makesRoom()) {
                lookLater();
            }
        }
    }

    @Override
    public void onClosed(Connection connection) {
        open.remove(connection);
    }

    private void lookLater() {
        connector.getScheduler().schedule(this::look, IDLE.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void look() {
        if (isRunning() && !makesRoom()) {
            warn();
            lookLater();
        }
    }

    private boolean makesRoom() {
        if (open.size() < most) {
            return true;
        }
        List<Connection> idle = longestIdle();
        idle.forEach(this::close);
        return !idle.isEmpty();
    }

    private List<Connection> longestIdle() {
        return open.stream()
                .filter(connection -> connection.getEndPoint().isFillInterested())
                .map(connection -> new Waiting(connection, idleFor(connection)))
                .filter(waiting -> waiting.millis >= IDLE.toMillis())
                .sorted(Comparator.comparingLong(Waiting::millis).reversed())
                .limit(Math.max(1, most / AT_ONCE))
                .map(Waiting::connection)
                .toList();
    }

    private static long idleFor(Connection connection) {
        return SocketOptions.of(connection) instanceof IdleTimeout socket ? socket.getIdleFor() : 0;
    }

    private void close(Connection connection) {
        open.remove(connection);
        EndPoint end = SocketOptions.of(connection);
        LOG.debug("all {} connections are taken: closing the idle one of {}", most, end.getRemoteSocketAddress());
        end.close();
    }

    private synchronized void warn() {
        long now = System.nanoTime();
        if (now - warned >= WARN_EVERY.toNanos()) {
            warned = now;
            LOG.warn(
                    "all {} connections of port {} are taken, and none is idle: others wait until one ends, health checks too",
                    most,
                    connector.getLocalPort());
        }
    }
}
