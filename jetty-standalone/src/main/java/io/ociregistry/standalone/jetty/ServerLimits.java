package io.ociregistry.standalone.jetty;

import com.sun.management.UnixOperatingSystemMXBean;
import io.ociregistry.common.BackgroundReload;
import java.lang.management.ManagementFactory;
import java.time.Duration;

/**
 * The limits for the clients of the embedded server.
 *
 * @param connections the maximum number of connections; further clients wait in the system's queue until one is closed
 * @param headers the maximum time until the headers of a request have arrived, for the first with its TLS handshake
 * @param idle the time without data after which a connection is closed
 * @param idleWhenFull the same while the maximum number of connections is open
 * @param reloadInterval the maximum time until a changed certificate file is loaded
 */
record ServerLimits(int connections, Duration headers, Duration idle, Duration idleWhenFull, Duration reloadInterval) {
    private static final int MAX_CONNECTIONS = 4096;
    /** The socket of a connection, and up to two files of the blob that the connection sends, with a reserve. */
    private static final int FILES_PER_CONNECTION = 4;

    static final ServerLimits DEFAULT = new ServerLimits(
            (int) Math.min(MAX_CONNECTIONS, openFiles() / FILES_PER_CONNECTION),
            Duration.ofSeconds(15),
            Duration.ofMinutes(2),
            Duration.ofSeconds(30),
            BackgroundReload.CHECK_INTERVAL);

    /** The maximum number of files and sockets that this process may have open. */
    private static long openFiles() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix
                ? unix.getMaxFileDescriptorCount()
                : Long.MAX_VALUE;
    }
}
