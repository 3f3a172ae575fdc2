package io.ociregistry.config.model;

import java.time.Duration;

/**
 * The deadlines of requests to upstreams.
 *
 * <p>A request that cannot succeed is to be answered within 10 s, so the default of {@code answer} leaves a second. The
 * default of {@code connect} allows two retransmissions of a lost SYN (after 1 s and 3 s); together with 3 s for DNS it
 * ends before the answer is due.
 *
 * @param answer until the first byte of the answer to a client
 * @param connect until an upstream is connected, over all its addresses
 * @param stall until a transfer without progress is aborted
 */
public record Timeouts(Duration answer, Duration connect, Duration stall) {
    public static final Timeouts DEFAULT =
            new Timeouts(Duration.ofSeconds(9), Duration.ofSeconds(5), Duration.ofSeconds(30));

    /** How long a client waits for an upstream before it gets a stale answer: a third of {@code answer}. */
    public Duration revalidationTimeout() {
        return answer.dividedBy(3);
    }
}
