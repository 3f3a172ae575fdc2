package io.ociregistry.registry;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.ociregistry.config.GoDuration;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.store.KeptList;
import io.ociregistry.store.ListName;
import io.ociregistry.store.ListStore;
import io.ociregistry.upstream.Priority;
import io.ociregistry.upstream.RequestKind;
import io.ociregistry.upstream.Upstream;
import io.ociregistry.upstream.Upstreams;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lists of one kind, which upstreams change all the time: asked for again when the last answer is older than a moment, once however many
 * clients ask. Whatever goes wrong with that, the last good answer is given, and says that it is; only an upstream that says that there is
 * no such list is believed.
 */
final class Lists<N extends ListName, V> {
    private static final Logger LOG = LoggerFactory.getLogger(Lists.class);
    private static final long MEMORY_BYTES = 8L << 20;
    /** What a byte of its text costs in memory once it is parsed, roughly, and what an empty list does. */
    private static final int FACTOR = 8;

    private static final int OVERHEAD = 512;

    private final ListKind<N, V> kind;
    private final ListStore store;
    private final KnownMissing<N> missing;
    private final Upstreams upstreams;
    private final Clock clock;
    private final Supplier<Duration> patience;
    private final boolean airGapped;
    private final Flights<N, V> flights = new Flights<>();
    private final Cache<Upstream, Lane> lanes = Caffeine.newBuilder().weakKeys().build();
    private final Cache<N, Known<V>> memory = Caffeine.newBuilder()
            .maximumWeight(MEMORY_BYTES)
            .weigher((N name, Known<V> known) -> FACTOR * known.bytes + OVERHEAD)
            .build();

    /**
     * Lists of that kind.
     *
     * @param patience how long a client waits for an upstream where an older answer is at hand
     */
    Lists(
            ListKind<N, V> kind,
            ListStore store,
            KnownMissing<N> missing,
            Upstreams upstreams,
            Clock clock,
            Supplier<Duration> patience,
            boolean airGapped) {
        this.kind = kind;
        this.store = store;
        this.missing = missing;
        this.upstreams = upstreams;
        this.clock = clock;
        this.patience = patience;
        this.airGapped = airGapped;
    }

    /** Goes on with other upstreams: what one has not the next may have. Answers that it has not count for so long. */
    void reload(Duration negativeTtl) {
        missing.begin(negativeTtl);
    }

    CompletionStage<Listed<V>> get(N name) {
        Optional<Known<V>> last = last(name);
        if (airGapped) {
            return CompletableFuture.completedStage(offline(name, last, AirGap.REASON)
                    .orElseThrow(() -> AirGap.notCached(ErrorCode.NAME_UNKNOWN, "the " + name + " are")));
        }
        if (last.isPresent() && isFresh(last.get())) {
            return CompletableFuture.completedStage(Listed.certain(last.get().list));
        }
        Upstream upstream;
        try {
            missing.check(name);
            upstream = upstreams.get(name.repository().registry());
            upstream.check(RequestKind.OTHER);
        } catch (RegistryException e) {
            return CompletableFuture.completedStage(afterFailure(name, last, e));
        }
        Lane lane = lanes.get(upstream, unused -> new Lane(upstream.metadata(Priority.CLIENT), kind.atATime()));
        CompletionStage<Listed<V>> asked = flights.join(
                        name, lane, () -> missing.noting(name, () -> ask(upstream, name)))
                .thenApply(Listed::certain)
                .exceptionally(failure -> afterFailure(name, last, failure));
        return last.isEmpty() ? asked : soon(asked, name, last);
    }

    private CompletionStage<Listed<V>> soon(CompletionStage<Listed<V>> asked, N name, Optional<Known<V>> last) {
        Optional<Listed<V>> meanwhile = offline(name, last, "its upstream has not answered yet");
        return meanwhile.isEmpty()
                ? asked
                : asked.toCompletableFuture()
                        .copy()
                        .completeOnTimeout(meanwhile.get(), patience.get().toMillis(), TimeUnit.MILLISECONDS);
    }

    private V ask(Upstream upstream, N name) {
        // Somebody may have asked since the caller looked.
        Optional<Known<V>> last = last(name).filter(this::isFresh);
        if (last.isPresent()) {
            return last.get().list;
        }
        V list = kind.fetch(upstream, name);
        byte[] json = kind.write(name, list);
        KeptList kept = new KeptList(clock.instant(), json);
        memory.put(name, new Known<>(list, kept.checked(), json.length));
        if (kind.isKept(name, list)) {
            store.keep(name, kept);
        }
        return list;
    }

    private Listed<V> afterFailure(N name, Optional<Known<V>> last, Throwable failure) {
        Throwable cause = failure instanceof CompletionException wrapped ? wrapped.getCause() : failure;
        if (!(cause instanceof RegistryException known)) {
            throw new CompletionException(cause);
        }
        if (known.code() == ErrorCode.NAME_UNKNOWN) {
            throw known;
        }
        return offline(name, last, known.getMessage()).orElseThrow(() -> known);
    }

    private Optional<Listed<V>> offline(N name, Optional<Known<V>> last, String why) {
        String of = last.map(known -> known.checked.truncatedTo(ChronoUnit.SECONDS))
                .map(checked -> "what they were at " + checked + " (" + age(checked) + " ago) and what is cached: ")
                .orElse("only what is cached: ");
        return kind.offline(name, last.map(Known::list))
                .map(list -> new Listed<>(list, Optional.of("the " + name + " are " + of + why)));
    }

    private String age(Instant checked) {
        return GoDuration.format(Duration.between(checked, clock.instant()));
    }

    private boolean isFresh(Known<V> known) {
        Duration age = Duration.between(known.checked, clock.instant());
        // A clock that was put back makes it as good as old.
        return !age.isNegative() && age.compareTo(kind.maxAge(known.list)) < 0;
    }

    private Optional<Known<V>> last(N name) {
        Known<V> known = memory.getIfPresent(name);
        if (known != null) {
            return Optional.of(known);
        }
        Optional<Known<V>> read = store.find(name).flatMap(kept -> read(name, kept));
        read.ifPresent(found -> memory.put(name, found));
        return read;
    }

    private Optional<Known<V>> read(N name, KeptList kept) {
        try {
            return Optional.of(new Known<>(kind.read(kept.json()), kept.checked(), kept.json().length));
        } catch (RegistryException e) {
            LOG.warn("what was kept as the {} is left out: {}", name, e.getMessage());
            return Optional.empty();
        }
    }

    private record Known<V>(V list, Instant checked, int bytes) {}
}
