package io.ociregistry.standalone.jetty;

import com.sun.management.UnixOperatingSystemMXBean;
import io.ociregistry.common.BackgroundReload;
import java.lang.management.ManagementFactory;
import java.time.Duration;

/**
 * What one client, or all of them, may cost the embedded server.
 *
 * @param connections at once; when there are so many, others wait in the system's queue until one ends
 * @param headers how long the headers of a request may take to come, with the TLS handshake for the first
 * @param idle after which a connection on which nothing moves is closed
 * @param idleWhenFull the same while there are as many connections as there may be
 * @param unseen how long a changed file of a certificate may go unseen
 */
record ServerLimits(int connections, Duration headers, Duration idle, Duration idleWhenFull, Duration unseen) {
    private static final int MANY = 4096;
    /** A connection is one, and what is sent on it may be two, of a download that goes on and of one that has ended. */
    private static final int FILES_PER_CONNECTION = 4;

    static final ServerLimits DEFAULT = new ServerLimits(
            (int) Math.min(MANY, openFiles() / FILES_PER_CONNECTION),
            Duration.ofSeconds(15),
            Duration.ofMinutes(2),
            Duration.ofSeconds(30),
            BackgroundReload.PAUSE);

    /** How many files this process may have open, sockets too. */
    private static long openFiles() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix
                ? unix.getMaxFileDescriptorCount()
                : Long.MAX_VALUE;
    }
}
