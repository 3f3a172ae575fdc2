package io.ociregistry.config.model;

import java.time.Duration;

/**
 * How long a request may wait for its answer's first byte, how long reaching an upstream may take over all its
 * addresses, and how long a transfer may stand still.
 *
 * <p>A hopeless request is promised an answer within 10 s, so the default keeps a second back. The connect budget lets
 * a lost SYN be sent twice more (after 1 s and 3 s), and with the 3 s of a DNS lookup still ends before the answer is due.
 */
public record Timeouts(Duration answer, Duration connect, Duration stall) {
    public static final Timeouts DEFAULT =
            new Timeouts(Duration.ofSeconds(9), Duration.ofSeconds(5), Duration.ofSeconds(30));

    /** How long a client waits for an upstream where a cached answer is at hand: a third of the time that clients wait at most. */
    public Duration patience() {
        return answer.dividedBy(3);
    }
}
