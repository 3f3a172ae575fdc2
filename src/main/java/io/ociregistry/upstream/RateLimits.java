package io.ociregistry.upstream;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Remembers that an upstream answered 429, or 503 with {@code Retry-After}, so that it is not asked again before that has passed.
 *
 * <p>One second at least and six hours at most are waited, and a minute where nothing is told; ten minutes at most after a 503. Kinds of requests are limited apart from each
 * other. What an upstream says of what remains ({@code ratelimit-remaining}) is only logged: who may ask no more will be told so.
 */
final class RateLimits {
    private static final Logger LOG = LoggerFactory.getLogger(RateLimits.class);
    private static final Duration SHORTEST_WAIT = Duration.ofSeconds(1);

    private final Origin upstream;
    private final LongSupplier nanoTime;
    /** When a kind may be asked for again. */
    private final Map<RequestKind, Pause> over = new ConcurrentHashMap<>();

    private record Pause(int status, long until) {
        Pause orLonger(Pause other) {
            return until - other.until > 0 ? this : other;
        }
    }

    private volatile boolean usedUp;

    /**
     * Nothing is limited at first.
     *
     * @param nanoTime a clock that nobody sets, as {@link System#nanoTime()} is
     */
    RateLimits(Origin upstream, LongSupplier nanoTime) {
        this.upstream = upstream;
        this.nanoTime = nanoTime;
    }

    /**
     * Does nothing unless requests of that kind are limited just now.
     *
     * @throws RegistryException {@link ErrorCode#TOO_MANY_REQUESTS}, or after a 503 {@link ErrorCode#UPSTREAM_UNREACHABLE}, with the time that is left
     */
    void check(RequestKind kind) {
        Pause pause = over.get(kind);
        if (pause == null) {
            return;
        }
        Duration left = Duration.ofNanos(pause.until - nanoTime.getAsLong());
        if (left.isZero() || left.isNegative()) {
            over.remove(kind, pause);
            return;
        }
        boolean limited = pause.status == 429;
        throw new RegistryException(
                limited ? ErrorCode.TOO_MANY_REQUESTS : ErrorCode.UPSTREAM_UNREACHABLE,
                upstream + (limited ? " limits how much this server may pull" : " answered 503")
                        + ", and is not asked before " + (left.toSeconds() + 1) + " s have passed",
                null,
                left);
    }

    /** Takes notice of what an answer, to a request of that kind, says of limits. */
    void answered(RequestKind kind, HttpResponse answer) {
        Failures.pause(answer).ifPresent(told -> pause(kind, answer.getCode(), told));
        Header remaining = answer.getFirstHeader("ratelimit-remaining");
        if (remaining != null) {
            note(remaining.getValue(), answer.getFirstHeader("ratelimit-limit"));
        }
    }

    private void pause(RequestKind kind, int status, Duration told) {
        Duration wait = told.compareTo(SHORTEST_WAIT) < 0 ? SHORTEST_WAIT : told;
        over.merge(kind, new Pause(status, nanoTime.getAsLong() + wait.toNanos()), Pause::orLonger);
        LOG.warn("{} answered {} ({}); not asked for {}", upstream, status, kind, wait);
    }

    /** Docker Hub sends {@code 0;w=21600}, and sends it with HEADs too: said once, not with each. */
    private void note(String remaining, Header limit) {
        boolean none = remaining.strip().matches("0(;.*)?");
        if (none && !usedUp) {
            LOG.warn("{} will refuse what comes next: its limit is used up ({})", upstream, limit);
        } else {
            LOG.debug("{} has {} requests left ({})", upstream, remaining, limit);
        }
        usedUp = none;
    }
}
