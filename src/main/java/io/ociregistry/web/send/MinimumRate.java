package io.ociregistry.web.send;

import java.time.Duration;

/**
 * The bytes that a client must read of a body within a time; otherwise the body is aborted. Only time counts in which
 * bytes were available, so a slow or unreachable upstream never counts against a client.
 */
public record MinimumRate(long bytes, Duration period) {
    /**
     * 218 bytes per second, so that a client of 1 KiB/s is safe. The time is long because a server sees progress only
     * in steps: systems report a socket as writable again when a third of its send buffer, which can be hundreds of
     * KiB, is free.
     */
    public static final MinimumRate DEFAULT = new MinimumRate(64 << 10, Duration.ofMinutes(5));
}
