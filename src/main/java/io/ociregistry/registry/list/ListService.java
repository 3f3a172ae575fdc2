package io.ociregistry.registry.list;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import io.ociregistry.common.Futures;
import io.ociregistry.common.GoDuration;
import io.ociregistry.common.SingleFlight;
import io.ociregistry.config.ServerConfig;
import io.ociregistry.metrics.Provenance;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.registry.policy.AirGapMessages;
import io.ociregistry.registry.policy.NegativeCache;
import io.ociregistry.registry.policy.RuntimeConfig;
import io.ociregistry.store.ListName;
import io.ociregistry.store.ListStore;
import io.ociregistry.store.ListStore.StoredList;
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
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lists of one kind, fetched from upstreams and cached for a short time; thread-safe.
 *
 * <p>A stale list is fetched again, once for concurrent requests. If the upstream fails, the last good list is given
 * with a warning (ADR 11), unless the upstream answers that the list does not exist. A page is fetched on its own,
 * unless the list is short or was just fetched (ADR 33). Only whole lists are stored; pages are cut from them while the
 * upstream fails.
 */
public final class ListService<N extends ListName, V> {
    private static final Logger LOG = LoggerFactory.getLogger(ListService.class);
    private static final long MEMORY_BYTES = 8L << 20;
    /** Estimated bytes of memory for each byte of JSON. */
    private static final int MEMORY_PER_BYTE = 8;
    /** Estimated bytes of memory for an empty list. */
    private static final int OVERHEAD = 512;

    private static final String NO_ANSWER_YET = "its upstream has not answered yet";
    private static final String REST_IN_FLIGHT = "its upstream is still sending the rest";
    private static final int MAX_PAGES = 64;
    private static final Duration MAX_AGE_OF_PAGE = Duration.ofSeconds(10);

    private final ListSource<N, V> source;
    private final ListStore store;
    private final Upstreams upstreams;
    private final Supplier<RuntimeConfig> config;
    private final Clock clock;
    private final NegativeCache<N> negativeCache;
    private final boolean airGapped;
    private final SingleFlight<N, ListResult<V>> flights = new SingleFlight<>();
    private final SingleFlight<PageKey<N>, ListResult<V>> pageFlights = new SingleFlight<>();
    private final Cache<Upstream, ConcurrencyLimit> limits =
            Caffeine.newBuilder().weakKeys().build();
    private final Cache<N, CachedList<V>> memory = Caffeine.newBuilder()
            .maximumWeight(MEMORY_BYTES)
            .weigher((N name, CachedList<V> known) -> MEMORY_PER_BYTE * known.bytes + OVERHEAD)
            .build();
    /** Pages fetched just now, because clients that start at the same time request the same pages. */
    private final Cache<PageKey<N>, ListResult<V>> pages = Caffeine.newBuilder()
            .maximumSize(MAX_PAGES)
            .expireAfterWrite(MAX_AGE_OF_PAGE)
            .build();

    public ListService(
            ListSource<N, V> source,
            ListStore store,
            Upstreams upstreams,
            Supplier<RuntimeConfig> config,
            Clock clock) {
        this.source = source;
        this.store = store;
        this.upstreams = upstreams;
        this.config = config;
        this.clock = clock;
        ServerConfig initial = config.get().config();
        this.negativeCache = new NegativeCache<>(initial.cache().negativeTtl(), Ticker.systemTicker());
        this.airGapped = initial.airGapped();
    }

    /** Applies a changed configuration: clears the negative cache, because changed upstreams may have the lists. */
    void reload(Duration negativeTtl) {
        negativeCache.reset(negativeTtl);
    }

    private record PageKey<N>(N name, ListPage page) {}

    CompletionStage<ListResult<V>> get(N name, ListPage asked) {
        CachedList<V> known = memory.getIfPresent(name);
        boolean canCut = known != null && asked.next().isEmpty() && (isFresh(known) || source.isOnePage(known.list));
        return airGapped || asked.isAll() || canCut ? get(name).thenApply(all -> cut(all, asked)) : page(name, asked);
    }

    private ListResult<V> cut(ListResult<V> list, ListPage asked) {
        ListResult<V> page = source.slice(list.list(), asked);
        return new ListResult<>(page.list(), page.next().or(list::next), list.warning(), list.provenance());
    }

    CompletionStage<ListResult<V>> get(N name) {
        Optional<CachedList<V>> last = last(name);
        if (airGapped) {
            Optional<CachedList<V>> shown = last.filter(list -> source.showsUncached());
            return CompletableFuture.completedStage(fromCache(name, shown, AirGapMessages.REASON)
                    .orElseThrow(() -> AirGapMessages.notCached(
                            ErrorCode.NAME_UNKNOWN, "the " + name + " are", store.unreadableReason(name))));
        }
        if (last.isPresent() && isFresh(last.get())) {
            return CompletableFuture.completedStage(ListResult.of(last.get().list));
        }
        try {
            Upstream upstream = upstream(name);
            CompletionStage<ListResult<V>> asked = flights.join(
                            name,
                            limit(upstream),
                            () -> negativeCache.recordMiss(name, () -> fetch(upstream, name)),
                            ListResult::joined)
                    .exceptionally(failure -> afterFailure(failure, reason -> partialOrFromCache(name, last, reason)));
            return last.isPresent()
                    ? within(remainingTimeout(upstream), asked, () -> fromCache(name, last, NO_ANSWER_YET))
                    : within(
                            config.get().fallbackTimeout().multipliedBy(2), asked, () -> partial(name, REST_IN_FLIGHT));
        } catch (RegistryException e) {
            return CompletableFuture.completedStage(afterFailure(e, reason -> partialOrFromCache(name, last, reason)));
        }
    }

    private CompletionStage<ListResult<V>> page(N name, ListPage asked) {
        PageKey<N> page = new PageKey<>(name, asked);
        ListResult<V> recent = pages.getIfPresent(page);
        if (recent != null) {
            return CompletableFuture.completedStage(recent.with(Provenance.HIT));
        }
        try {
            Upstream upstream = upstream(name);
            CompletionStage<ListResult<V>> answer = pageFlights
                    .join(
                            page,
                            limit(upstream),
                            () -> negativeCache.recordMiss(name, () -> fetchPage(upstream, page)),
                            ListResult::joined)
                    .exceptionally(failure -> afterFailure(failure, reason -> pageFromCache(page, last(name), reason)));
            return within(remainingTimeout(upstream), answer, () -> last(name)
                    .flatMap(last -> pageFromCache(page, Optional.of(last), NO_ANSWER_YET)));
        } catch (RegistryException e) {
            return CompletableFuture.completedStage(afterFailure(e, reason -> pageFromCache(page, last(name), reason)));
        }
    }

    private ListResult<V> fetchPage(Upstream upstream, PageKey<N> page) {
        ListResult<V> answer = source.fetchPage(upstream, page.name, page.page, list -> remember(page.name, list))
                .with(sentBy(upstream));
        if (source.isOnePage(answer.list())) {
            pages.put(page, answer);
        }
        return answer;
    }

    /**
     * Returns a page from the cache. Empty for a later page if the list is not cached, because clients would take the
     * end of the cached names for the end of the list.
     */
    private Optional<ListResult<V>> pageFromCache(PageKey<N> page, Optional<CachedList<V>> last, String reason) {
        return last.isPresent() || page.page.isFirst()
                ? fromCache(page.name, last, reason).map(list -> cut(list, page.page))
                : Optional.empty();
    }

    private Upstream upstream(N name) {
        negativeCache.check(name);
        Upstream upstream = upstreams.get(name.repository().registry());
        upstream.check(RequestKind.OTHER);
        return upstream;
    }

    private ConcurrencyLimit limit(Upstream upstream) {
        return limits.get(
                upstream, unused -> new ConcurrencyLimit(upstream.metadata(Priority.CLIENT), source.maxConcurrent()));
    }

    /**
     * Returns the time to wait for an upstream before a stale list is given: the fallback timeout less the silence of
     * the upstream so far.
     */
    private Duration remainingTimeout(Upstream upstream) {
        Duration rest = config.get().fallbackTimeout().minus(upstream.silence());
        return rest.isNegative() ? Duration.ZERO : rest;
    }

    /** Returns the answer, or the fallback if the answer takes longer; the request to the upstream continues. */
    @SuppressWarnings("FutureReturnValueIgnored") // the stages end with the answer
    private CompletionStage<ListResult<V>> within(
            Duration time, CompletionStage<ListResult<V>> asked, Supplier<Optional<ListResult<V>>> fallback) {
        CompletableFuture<ListResult<V>> first = asked.toCompletableFuture().copy();
        if (first.isDone()) {
            return first;
        }
        CompletableFuture<Void> timeout =
                new CompletableFuture<Void>().completeOnTimeout(null, time.toMillis(), TimeUnit.MILLISECONDS);
        timeout.thenRunAsync(() -> fallback.get().ifPresent(first::complete));
        first.whenComplete((list, failure) -> timeout.cancel(false));
        return first;
    }

    private ListResult<V> fetch(Upstream upstream, N name) {
        // Another request may have fetched the list since the caller's lookup.
        Optional<CachedList<V>> last = last(name).filter(this::isFresh);
        if (last.isPresent()) {
            return ListResult.of(last.get().list);
        }
        // The upstream may have become unreachable while this request waited for a thread.
        upstream.check(RequestKind.OTHER);
        V list = source.fetch(upstream, name);
        remember(name, list);
        return ListResult.<V>of(list).with(sentBy(upstream));
    }

    /** A list may have pages of several mirrors, so the registry counts as its source. */
    private static Provenance sentBy(Upstream upstream) {
        return Provenance.miss(upstream.name().toString());
    }

    private void remember(N name, V list) {
        byte[] json = source.toJson(name, list);
        StoredList stored = new StoredList(clock.instant(), json);
        memory.put(name, new CachedList<>(list, stored.checked(), json.length));
        if (source.isStored(name, list)) {
            store.put(name, stored);
        }
    }

    private ListResult<V> afterFailure(Throwable failure, Function<String, Optional<ListResult<V>>> fallback) {
        Throwable cause = Futures.cause(failure);
        if (!(cause instanceof RegistryException known)) {
            throw Futures.completionException(failure);
        }
        if (known.code() == ErrorCode.NAME_UNKNOWN) {
            throw known;
        }
        return fallback.apply(known.getMessage()).orElseThrow(() -> known);
    }

    private Optional<ListResult<V>> partialOrFromCache(N name, Optional<CachedList<V>> last, String reason) {
        Optional<ListResult<V>> partial = last.isPresent() ? Optional.empty() : partial(name, reason);
        return partial.or(() -> fromCache(name, last, reason));
    }

    private Optional<ListResult<V>> partial(N name, String reason) {
        return source.received(name)
                .map(list -> new ListResult<>(
                        list.list(),
                        list.next(),
                        Optional.of("the " + name + " are only the first ones, follow the Link header for the rest: "
                                + reason),
                        Provenance.miss(name.repository().registry().toString())));
    }

    private Optional<ListResult<V>> fromCache(N name, Optional<CachedList<V>> last, String reason) {
        String origin = last.map(known -> known.checked.truncatedTo(ChronoUnit.SECONDS))
                .map(checked -> "those listed at " + checked + " (" + age(checked) + " ago) and the cached ones: ")
                .orElse("only the cached ones: ");
        return source.cached(name, last.map(CachedList::list))
                .map(list -> new ListResult<>(
                        list,
                        Optional.empty(),
                        Optional.of("the " + name + " are " + origin + reason),
                        Provenance.STALE));
    }

    private String age(Instant checked) {
        return GoDuration.format(Duration.between(checked, clock.instant()));
    }

    private boolean isFresh(CachedList<V> known) {
        Duration age = Duration.between(known.checked, clock.instant());
        // A list from the future was fetched before the clock was set back, so it counts as stale.
        return !age.isNegative() && age.compareTo(source.maxAge(known.list)) < 0;
    }

    private Optional<CachedList<V>> last(N name) {
        CachedList<V> known = memory.getIfPresent(name);
        if (known != null) {
            return Optional.of(known);
        }
        Optional<CachedList<V>> read = store.find(name).flatMap(stored -> read(name, stored));
        read.ifPresent(found -> memory.put(name, found));
        return read;
    }

    private Optional<CachedList<V>> read(N name, StoredList stored) {
        try {
            return Optional.of(new CachedList<>(source.parse(stored.json()), stored.checked(), stored.json().length));
        } catch (RegistryException e) {
            LOG.warn("the stored list of the {} is not readable and is ignored: {}", name, e.getMessage());
            return Optional.empty();
        }
    }

    private record CachedList<V>(V list, Instant checked, int bytes) {}
}
