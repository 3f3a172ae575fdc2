package io.ociregistry.standalone.jetty;

import io.ociregistry.oci.Text;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;

/**
 * Logs failures that clients cause, at info level: one line per client and minute, and at most {@value #MAX_CLIENTS}
 * lines a minute. The first line of the next minutes has the number of the others. Thread-safe.
 */
final class ClientLogLimit {
    static final int MAX_CLIENTS = 100;
    private static final long MINUTE = TimeUnit.MINUTES.toNanos(1);

    private final Logger log;
    private final LongSupplier nanoTime;
    // Guarded by this.
    private final Set<Object> clients = new HashSet<>();
    private long start;
    private long omitted;

    /** @param nanoTime a monotonic clock such as {@link System#nanoTime()} */
    ClientLogLimit(Logger log, LongSupplier nanoTime) {
        this.log = log;
        this.nanoTime = nanoTime;
        this.start = nanoTime.getAsLong();
    }

    /** Logs "client", its address and the message, in which unprintable characters are replaced. */
    void log(@Nullable SocketAddress client, String message) {
        if (log.isInfoEnabled() && isFirst(client)) {
            log.info("client {} {}", client, Text.printable(message));
        }
    }

    private synchronized boolean isFirst(@Nullable SocketAddress client) {
        long now = nanoTime.getAsLong();
        if (now - start >= MINUTE) {
            if (omitted > 0) {
                log.info("{} further failures of clients were not logged, to limit the log", omitted);
            }
            clients.clear();
            omitted = 0;
            start = now;
        }
        boolean isFirst = clients.size() < MAX_CLIENTS && clients.add(host(client));
        omitted += isFirst ? 0 : 1;
        return isFirst;
    }

    private static Object host(@Nullable SocketAddress client) {
        return client instanceof InetSocketAddress ip ? ip.getAddress() : String.valueOf(client);
    }
}
