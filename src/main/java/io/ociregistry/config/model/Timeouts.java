package io.ociregistry.config.model;

import io.ociregistry.config.yaml.Key;
import io.ociregistry.config.yaml.ObjectType;
import io.ociregistry.config.yaml.Scalar;
import io.ociregistry.config.yaml.Values;
import java.time.Duration;
import java.util.Optional;

/**
 * The section {@code timeouts}: the deadlines of requests to upstreams.
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
    private static final Scalar<Duration> DEADLINE = Scalar.DURATION.checked(
            duration -> duration.isZero() ? Optional.of("is too short; write for example 10s") : Optional.empty());
    private static final Key<Duration> ANSWER = new Key<>("answer", DEADLINE, Duration.ofSeconds(9));
    private static final Key<Duration> CONNECT = new Key<>("connect", DEADLINE, Duration.ofSeconds(5));
    private static final Key<Duration> STALL = new Key<>("stall", DEADLINE, Duration.ofSeconds(30));
    public static final ObjectType<Timeouts> KEYS = ObjectType.of(Timeouts::new, ANSWER, CONNECT, STALL);

    public static final Timeouts DEFAULT = new Timeouts(Values.NONE);

    private Timeouts(Values values) {
        this(values.get(ANSWER), values.get(CONNECT), values.get(STALL));
    }

    /** How long a client waits for an upstream before it gets a stale answer: a third of {@code answer}. */
    public Duration revalidationTimeout() {
        return answer.dividedBy(3);
    }
}
