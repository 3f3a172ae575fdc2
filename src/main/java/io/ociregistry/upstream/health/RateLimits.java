package io.ociregistry.upstream.health;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.upstream.RequestKind;
import io.ociregistry.upstream.address.SourceAddress;
import io.ociregistry.upstream.net.AnswerTimes;
import io.ociregistry.upstream.net.ErrorMapping;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.hc.core5.http.HttpResponse;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * The rate limits of one upstream, as its answers report them. Thread-safe.
 *
 * <p>After a 429, or a 503 with {@code Retry-After}, requests of the same kind are not sent before the wait is over:
 * one second at least and six hours at most, a minute if the answer names no time, ten minutes at most after a 503.
 *
 * <p>After an answer that says that no requests remain, cached tags are not revalidated before the limit is reset: six
 * hours at most, and one hour at most if the answer does not say when. Other requests are still sent.
 */
public final class RateLimits {
    private static final Logger LOG = LoggerFactory.getLogger(RateLimits.class);
    private static final Duration MIN_WAIT = Duration.ofSeconds(1);
    private static final Duration MAX_WINDOW = Duration.ofHours(1);
    /** Docker Hub sends {@code 0;w=21600}, also with answers to HEAD. */
    private static final List<String> REMAINING = List.of("RateLimit-Remaining", "X-RateLimit-Remaining");

    private static final List<String> LIMIT = List.of("RateLimit-Limit", "X-RateLimit-Limit");
    private static final Pattern NONE = Pattern.compile("0+([;,].*)?");
    private static final Pattern WINDOW = Pattern.compile(";\\s*w=([0-9]{1,9})");
    /** Kinds that the registry itself answers; token services and blob storage have limits of their own. */
    private static final Set<RequestKind> BY_REGISTRY =
            EnumSet.of(RequestKind.MANIFEST, RequestKind.REFERRERS, RequestKind.OTHER);

    private final SourceAddress upstream;
    private final LongSupplier nanoTime;
    /** The time until which requests of a kind are not sent. */
    private final Map<RequestKind, Pause> pauses = new ConcurrentHashMap<>();

    private record Pause(int status, long until) {
        Pause longer(Pause other) {
            return until - other.until > 0 ? this : other;
        }
    }

    private static final Pattern NUMBER = Pattern.compile("([0-9]{1,15})([;,].*)?");

    private volatile OptionalLong reported = OptionalLong.empty();

    /** The time until which no requests remain. */
    private volatile @Nullable Pause exhausted;

    /**
     * Creates the limits of an upstream, which limits nothing at first.
     *
     * @param nanoTime a monotonic clock such as {@link System#nanoTime()}
     */
    public RateLimits(SourceAddress upstream, LongSupplier nanoTime) {
        this.upstream = upstream;
        this.nanoTime = nanoTime;
    }

    /**
     * Throws if requests of that kind are limited now.
     *
     * @throws RegistryException {@link ErrorCode#TOO_MANY_REQUESTS}, or after a 503
     *     {@link ErrorCode#UPSTREAM_UNREACHABLE}, with the remaining time
     */
    public void check(RequestKind kind) {
        if (kind == RequestKind.REVALIDATION) {
            check(RequestKind.OTHER);
            checkRemaining();
            return;
        }
        Pause pause = pauses.get(kind);
        if (pause == null) {
            return;
        }
        Duration left = left(pause);
        if (left.isZero() || left.isNegative()) {
            pauses.remove(kind, pause);
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

    private void checkRemaining() {
        Pause pause = exhausted;
        if (pause != null && isRunning(pause)) {
            Duration left = left(pause);
            throw new RegistryException(
                    ErrorCode.TOO_MANY_REQUESTS,
                    upstream + " says that its limit is used up, and cached tags are not revalidated before "
                            + (left.toSeconds() + 1) + " s have passed",
                    null,
                    left);
        }
    }

    private Duration left(Pause pause) {
        return Duration.ofNanos(pause.until - nanoTime.getAsLong());
    }

    private boolean isRunning(Pause pause) {
        return pause.until - nanoTime.getAsLong() > 0;
    }

    /** Records the limits that an answer to a request of that kind reports. */
    public void recordAnswer(RequestKind kind, HttpResponse answer) {
        ErrorMapping.requestedPause(answer).ifPresent(wait -> pause(kind, answer.getCode(), wait));
        List<String> remaining = values(REMAINING, answer);
        if (BY_REGISTRY.contains(kind) && !remaining.isEmpty()) {
            recordRemaining(remaining, answer);
        }
    }

    private static List<String> values(List<String> names, HttpResponse answer) {
        return names.stream()
                .flatMap(name -> Arrays.stream(answer.getHeaders(name)))
                .map(header -> header.getValue().strip())
                .toList();
    }

    private void pause(RequestKind kind, int status, Duration requested) {
        Duration wait = requested.compareTo(MIN_WAIT) < 0 ? MIN_WAIT : requested;
        Pause known = pauses.get(kind);
        pauses.merge(kind, new Pause(status, nanoTime.getAsLong() + wait.toNanos()), Pause::longer);
        // Requests that were in flight when the pause started get the same answer.
        boolean isLogged = known != null && isRunning(known);
        LOG.atLevel(isLogged ? Level.DEBUG : Level.WARN)
                .log("{} answered {}; sending no {} requests to it for {}", upstream, status, kind, wait);
    }

    /** Returns the number of requests that the last answer with such a number said remain. */
    OptionalLong remaining() {
        return reported;
    }

    private static OptionalLong smallest(List<String> remaining) {
        return remaining.stream()
                .map(NUMBER::matcher)
                .filter(Matcher::matches)
                .mapToLong(number -> Long.parseLong(number.group(1)))
                .min();
    }

    private void recordRemaining(List<String> remaining, HttpResponse answer) {
        reported = smallest(remaining);
        List<String> limit = values(LIMIT, answer);
        if (remaining.stream().noneMatch(text -> NONE.matcher(text).matches())) {
            LOG.debug("{} has {} requests left ({})", upstream, remaining, limit);
            exhausted = null;
            return;
        }
        Pause known = exhausted;
        if (known != null && isRunning(known)) {
            // Not extended, so that an upstream that always reports this is asked from time to time.
            LOG.debug("{} has {} requests left ({})", upstream, remaining, limit);
            return;
        }
        Duration wait = window(remaining, limit, answer);
        exhausted = new Pause(answer.getCode(), nanoTime.getAsLong() + wait.toNanos());
        LOG.warn(
                "{} reports that its limit is used up ({}); not revalidating cached tags for {}",
                upstream,
                limit,
                wait);
    }

    /** Returns the time until the limit is reset. */
    private static Duration window(List<String> remaining, List<String> limit, HttpResponse answer) {
        Optional<Duration> reported = ErrorMapping.requestedPause(answer)
                .or(() -> AnswerTimes.rateLimitReset(answer))
                .filter(wait -> !wait.isNegative());
        if (reported.isPresent()) {
            return reported.get().compareTo(ErrorMapping.MAX_RETRY_AFTER) > 0
                    ? ErrorMapping.MAX_RETRY_AFTER
                    : reported.get();
        }
        return Stream.concat(remaining.stream(), limit.stream())
                .map(WINDOW::matcher)
                .filter(Matcher::find)
                .map(window -> Duration.ofSeconds(Long.parseLong(window.group(1))))
                .filter(window -> window.compareTo(MAX_WINDOW) < 0)
                .findFirst()
                .orElse(MAX_WINDOW);
    }
}
