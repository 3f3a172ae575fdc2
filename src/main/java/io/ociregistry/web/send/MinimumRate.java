package io.ociregistry.web.send;

import java.time.Duration;

/**
 * What a client has to take of a body, at least, in so much time, or it is broken off. Only the time counts in which something was there for
 * it to take: an upstream that is slow, or away, is never held against a client.
 */
public record MinimumRate(long bytes, Duration time) {
    /**
     * 218 bytes a second; a client of 1 KiB/s is safe. The time is long because a server sees progress in steps only: systems report a socket
     * as writable again when a third of its send buffer, which can be hundreds of KiB, is free.
     */
    public static final MinimumRate DEFAULT = new MinimumRate(64 << 10, Duration.ofMinutes(5));
}
