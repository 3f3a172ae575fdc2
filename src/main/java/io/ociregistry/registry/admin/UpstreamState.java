package io.ociregistry.registry.admin;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.upstream.SourceState;
import io.ociregistry.upstream.Upstream;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The health of an upstream, according to the results of the requests to it so far.
 *
 * @param configured whether it is listed under {@code registries}
 * @param state the best state of its sources
 * @param reason the problems of all sources; null if a source is up
 * @param retrySeconds the time until the next request to it; null if requests are sent now
 * @param lastSource the URL of the source that sent the last answer with content; null if there was none
 * @param sources the mirrors and the registry itself, in the order in which they are asked
 */
public record UpstreamState(
        String registry,
        boolean configured,
        String state,
        @Nullable String reason,
        @Nullable Long retrySeconds,
        @Nullable Failure lastError,
        @Nullable String lastSuccess,
        @Nullable String lastSource,
        List<Source> sources) {
    private static final String UP = "up";
    private static final String FAILING = "failing";
    private static final String LIMITED = "limited";
    private static final String DOWN = "down";
    private static final List<String> BEST_FIRST = List.of(UP, LIMITED, FAILING, DOWN);

    /**
     * The health of the registry itself, or of one mirror.
     *
     * @param state {@code up}; {@code down}; {@code limited} while it answers some requests with 429, or says that no
     *     requests remain; {@code failing} if the last request failed for a reason that the next one probably meets
     *     too, or if the configured credentials were refused
     * @param reason the error that clients get; null while it is up
     * @param lastError the last failure other than a 404; null if there was none
     * @param lastSuccess the time of the last answer with content, in UTC; null if there was none
     */
    public record Source(
            String url,
            boolean mirror,
            String state,
            @Nullable String reason,
            @Nullable Long retrySeconds,
            @Nullable Failure lastError,
            @Nullable String lastSuccess) {}

    /** A failed request; the time is in UTC. */
    public record Failure(String text, String time) {}

    public UpstreamState {
        sources = List.copyOf(sources);
    }

    /** Evaluates the known health; sends no request to the upstream. */
    static UpstreamState of(Upstream upstream, boolean configured) {
        List<SourceState> known = upstream.sources();
        List<Source> sources = known.stream().map(UpstreamState::source).toList();
        String state = sources.stream()
                .map(Source::state)
                .min(Comparator.comparing(BEST_FIRST::indexOf))
                .orElse(UP);
        boolean isUp = state.equals(UP);
        Optional<SourceState> lastSource = latest(known, SourceState::lastSuccess);
        return new UpstreamState(
                upstream.name().toString(),
                configured,
                state,
                isUp ? null : reasons(sources),
                isUp ? null : retrySeconds(known),
                latest(known, source -> source.lastError().map(SourceState.Failure::time))
                        .map(UpstreamState::lastError)
                        .orElse(null),
                lastSource.map(UpstreamState::lastSuccess).orElse(null),
                lastSource.map(SourceState::url).orElse(null),
                sources);
    }

    private static Source source(SourceState source) {
        return new Source(
                source.url(),
                source.isMirror(),
                state(source),
                source.refusal()
                        .map(RegistryException::getMessage)
                        .or(source::problem)
                        .orElse(null),
                retrySeconds(List.of(source)),
                lastError(source),
                lastSuccess(source));
    }

    private static String state(SourceState source) {
        if (source.refusal().isPresent()) {
            return source.refusal().get().code() == ErrorCode.TOO_MANY_REQUESTS ? LIMITED : DOWN;
        }
        return source.problem().isPresent() ? FAILING : UP;
    }

    private static String reasons(List<Source> sources) {
        return String.join("; ", sources.stream().map(Source::reason).toList());
    }

    private static @Nullable Long retrySeconds(List<SourceState> sources) {
        return sources.stream()
                .flatMap(source -> source.refusal().flatMap(RegistryException::retryAfter).stream())
                .map(time -> time.plusMillis(999).toSeconds())
                .min(Long::compare)
                .orElse(null);
    }

    private static @Nullable Failure lastError(SourceState source) {
        return source.lastError()
                .map(failure -> new Failure(failure.text(), utc(failure.time())))
                .orElse(null);
    }

    private static @Nullable String lastSuccess(SourceState source) {
        return source.lastSuccess().map(UpstreamState::utc).orElse(null);
    }

    private static String utc(Instant time) {
        return time.truncatedTo(ChronoUnit.SECONDS).toString();
    }

    private static Optional<SourceState> latest(
            List<SourceState> sources, Function<SourceState, Optional<Instant>> time) {
        return sources.stream()
                .filter(source -> time.apply(source).isPresent())
                .max(Comparator.comparing(source -> time.apply(source).orElseThrow()));
    }
}
