package io.ociregistry.registry.list;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import io.ociregistry.common.GoDuration;
import io.ociregistry.common.SingleFlight;
import io.ociregistry.config.ServerConfig;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.registry.blob.ConcurrencyLimit;
import io.ociregistry.registry.policy.AirGapMessages;
import io.ociregistry.registry.policy.NegativeCache;
import io.ociregistry.registry.policy.RuntimeConfig;
import io.ociregistry.store.ListName;
import io.ociregistry.store.StoredList;
import io.ociregistry.store.blob.ListStore;
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
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lists of one kind, which upstreams change all the time: asked for again when the last answer is older than a moment, once however many
 * clients ask. Whatever goes wrong with that, the last good answer is given, and says that it is; only an upstream that says that there is
 * no such list is believed.
 *
 * <p>A page is asked for by itself, unless the list is short or was just fetched (ADR 33). What is kept is whole lists, from which pages are
 * cut while the upstream fails.
 */
public final class ListService<N extends ListName, V> {
    private static final Logger LOG = LoggerFactory.getLogger(ListService.class);
    private static final long MEMORY_BYTES = 8L << 20;
    /** What a byte of its text costs in memory once it is parsed, roughly, and what an empty list does. */
    private static final int FACTOR = 8;

    private static final int OVERHEAD = 512;
    private static final String SILENT = "its upstream has not answered yet";
    private static final String SLOW = "its upstream is still sending the others";
    private static final int PAGES = 64;
    private static final Duration MAX_AGE_OF_PAGE = Duration.ofSeconds(10);

    private final ListSource<N, V> kind;
    private final ListStore store;
    private final Upstreams upstreams;
    private final Supplier<RuntimeConfig> config;
    private final Clock clock;
    private final NegativeCache<N> missing;
    private final boolean airGapped;
    private final SingleFlight<N, V> flights = new SingleFlight<>();
    private final SingleFlight<PageOf<N>, ListResult<V>> pageFlights = new SingleFlight<>();
    private final Cache<Upstream, ConcurrencyLimit> lanes =
            Caffeine.newBuilder().weakKeys().build();
    private final Cache<N, Known<V>> memory = Caffeine.newBuilder()
            .maximumWeight(MEMORY_BYTES)
            .weigher((N name, Known<V> known) -> FACTOR * known.bytes + OVERHEAD)
            .build();
    /** Pages that have just come: clients that begin at the same time ask for the same ones. */
    private final Cache<PageOf<N>, ListResult<V>> pages = Caffeine.newBuilder()
            .maximumSize(PAGES)
            .expireAfterWrite(MAX_AGE_OF_PAGE)
            .build();

    public ListService(
            ListSource<N, V> kind,
            ListStore store,
            Upstreams upstreams,
            Supplier<RuntimeConfig> config,
            Clock clock) {
        this.kind = kind;
        this.store = store;
        this.upstreams = upstreams;
        this.config = config;
        this.clock = clock;
        ServerConfig initial = config.get().config();
        this.missing = new NegativeCache<>(initial.cache().negativeTtl(), Ticker.systemTicker());
        this.airGapped = initial.airGapped();
    }

    /** Goes on with other upstreams: what one has not the next may have. Answers that it has not count for so long. */
    void reload(Duration negativeTtl) {
        missing.begin(negativeTtl);
    }

    private record PageOf<N>(N name, ListPage page) {}

    /** A page of a list, or all of it. */
    CompletionStage<ListResult<V>> get(N name, ListPage asked) {
        Known<V> known = memory.getIfPresent(name);
        boolean isCut = known != null && asked.next().isEmpty() && (isFresh(known) || kind.isShort(known.list));
        return airGapped || asked.isAll() || isCut ? get(name).thenApply(all -> cut(all, asked)) : page(name, asked);
    }

    private ListResult<V> cut(ListResult<V> list, ListPage asked) {
        ListResult<V> page = kind.cut(list.list(), asked);
        return new ListResult<>(page.list(), page.next().or(list::next), list.warning());
    }

    CompletionStage<ListResult<V>> get(N name) {
        Optional<Known<V>> last = last(name);
        if (airGapped) {
            return CompletableFuture.completedStage(offline(name, last, AirGapMessages.REASON)
                    .orElseThrow(() -> AirGapMessages.notCached(
                            ErrorCode.NAME_UNKNOWN, "the " + name + " are", store.unreadable(name))));
        }
        if (last.isPresent() && isFresh(last.get())) {
            return CompletableFuture.completedStage(ListResult.certain(last.get().list));
        }
        try {
            Upstream upstream = upstream(name);
            CompletionStage<ListResult<V>> asked = flights.join(
                            name, lane(upstream), () -> missing.noting(name, () -> ask(upstream, name)))
                    .thenApply(list -> ListResult.<V>certain(list))
                    .exceptionally(failure -> afterFailure(failure, why -> offlineOrBegun(name, last, why)));
            return last.isPresent()
                    ? within(patience(upstream), asked, () -> offline(name, last, SILENT))
                    : within(config.get().patience().multipliedBy(2), asked, () -> begun(name, SLOW));
        } catch (RegistryException e) {
            return CompletableFuture.completedStage(afterFailure(e, why -> offlineOrBegun(name, last, why)));
        }
    }

    private CompletionStage<ListResult<V>> page(N name, ListPage asked) {
        PageOf<N> page = new PageOf<>(name, asked);
        ListResult<V> recent = pages.getIfPresent(page);
        if (recent != null) {
            return CompletableFuture.completedStage(recent);
        }
        try {
            Upstream upstream = upstream(name);
            CompletionStage<ListResult<V>> answer = pageFlights
                    .join(page, lane(upstream), () -> missing.noting(name, () -> askPage(upstream, page)))
                    .exceptionally(failure -> afterFailure(failure, why -> pageOffline(page, last(name), why)));
            return within(patience(upstream), answer, () -> last(name)
                    .flatMap(last -> pageOffline(page, Optional.of(last), SILENT)));
        } catch (RegistryException e) {
            return CompletableFuture.completedStage(afterFailure(e, why -> pageOffline(page, last(name), why)));
        }
    }

    private ListResult<V> askPage(Upstream upstream, PageOf<N> page) {
        ListResult<V> answer = kind.page(upstream, page.name, page.page, list -> remember(page.name, list));
        if (kind.isShort(answer.list())) {
            pages.put(page, answer);
        }
        return answer;
    }

    /** In the middle of a list that is not kept there is nothing to say: what is cached would look like its end. */
    private Optional<ListResult<V>> pageOffline(PageOf<N> page, Optional<Known<V>> last, String why) {
        return last.isPresent() || page.page.isFirst()
                ? offline(page.name, last, why).map(list -> cut(list, page.page))
                : Optional.empty();
    }

    private Upstream upstream(N name) {
        missing.check(name);
        Upstream upstream = upstreams.get(name.repository().registry());
        upstream.check(RequestKind.OTHER);
        return upstream;
    }

    private ConcurrencyLimit lane(Upstream upstream) {
        return lanes.get(upstream, unused -> new ConcurrencyLimit(upstream.metadata(Priority.CLIENT), kind.atATime()));
    }

    /** The wait for an upstream while there is another answer; an upstream that is silent already had a part of it. */
    private Duration patience(Upstream upstream) {
        Duration rest = config.get().patience().minus(upstream.silence());
        return rest.isNegative() ? Duration.ZERO : rest;
    }

    /** The answer, or something else if that takes longer; the question goes on. */
    @SuppressWarnings("FutureReturnValueIgnored") // these end with the answer
    private CompletionStage<ListResult<V>> within(
            Duration time, CompletionStage<ListResult<V>> asked, Supplier<Optional<ListResult<V>>> meanwhile) {
        CompletableFuture<ListResult<V>> first = asked.toCompletableFuture().copy();
        if (first.isDone()) {
            return first;
        }
        CompletableFuture<Void> passed =
                new CompletableFuture<Void>().completeOnTimeout(null, time.toMillis(), TimeUnit.MILLISECONDS);
        passed.thenRunAsync(() -> meanwhile.get().ifPresent(first::complete));
        first.whenComplete((list, failure) -> passed.cancel(false));
        return first;
    }

    private V ask(Upstream upstream, N name) {
        // Somebody may have asked since the caller looked.
        Optional<Known<V>> last = last(name).filter(this::isFresh);
        if (last.isPresent()) {
            return last.get().list;
        }
        // It may have gone down while this waited for a thread.
        upstream.check(RequestKind.OTHER);
        V list = kind.fetch(upstream, name);
        remember(name, list);
        return list;
    }

    private void remember(N name, V list) {
        byte[] json = kind.write(name, list);
        StoredList kept = new StoredList(clock.instant(), json);
        memory.put(name, new Known<>(list, kept.checked(), json.length));
        if (kind.isKept(name, list)) {
            store.keep(name, kept);
        }
    }

    private ListResult<V> afterFailure(Throwable failure, Function<String, Optional<ListResult<V>>> instead) {
        Throwable cause = failure instanceof CompletionException wrapped ? wrapped.getCause() : failure;
        if (!(cause instanceof RegistryException known)) {
            throw new CompletionException(cause);
        }
        if (known.code() == ErrorCode.NAME_UNKNOWN) {
            throw known;
        }
        return instead.apply(known.getMessage()).orElseThrow(() -> known);
    }

    private Optional<ListResult<V>> offlineOrBegun(N name, Optional<Known<V>> last, String why) {
        Optional<ListResult<V>> begun = last.isPresent() ? Optional.empty() : begun(name, why);
        return begun.or(() -> offline(name, last, why));
    }

    private Optional<ListResult<V>> begun(N name, String why) {
        return kind.begun(name)
                .map(list -> new ListResult<>(
                        list.list(),
                        list.next(),
                        Optional.of("the " + name + " are only the first of them, see Link: " + why)));
    }

    private Optional<ListResult<V>> offline(N name, Optional<Known<V>> last, String why) {
        String of = last.map(known -> known.checked.truncatedTo(ChronoUnit.SECONDS))
                .map(checked -> "what they were at " + checked + " (" + age(checked) + " ago) and what is cached: ")
                .orElse("only what is cached: ");
        return kind.offline(name, last.map(Known::list))
                .map(list -> new ListResult<>(list, Optional.empty(), Optional.of("the " + name + " are " + of + why)));
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

    private Optional<Known<V>> read(N name, StoredList kept) {
        try {
            return Optional.of(new Known<>(kind.read(kept.json()), kept.checked(), kept.json().length));
        } catch (RegistryException e) {
            LOG.warn("what was kept as the {} is left out: {}", name, e.getMessage());
            return Optional.empty();
        }
    }

    private record Known<V>(V list, Instant checked, int bytes) {}
}
