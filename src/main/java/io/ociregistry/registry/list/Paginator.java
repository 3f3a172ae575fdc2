package io.ociregistry.registry.list;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.upstream.ListAnswer;
import io.ociregistry.upstream.Upstream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Fetches the pages of a list from an upstream one after another; thread-safe.
 *
 * <p>The size, the number of pages and the time of a list are limited. The pages of a list that failed before its
 * end are kept in memory for five minutes, up to 8 MiB for all lists, so that the next attempt resumes at the
 * failed page.
 */
public final class Paginator {
    /** Limit of the size of all pages together, which is the size that clients accept for one page. */
    static final long MAX_BYTES = 4 << 20;

    private static final int MAX_PAGES = 5000;
    /** Limit of the pages without entries that an upstream may send in a row. */
    private static final int MAX_EMPTY = 100;

    private static final long MEMORY_BYTES = 8L << 20;
    private static final int OVERHEAD = 512;
    private static final Duration KEEP_TIME = Duration.ofMinutes(5);

    private final Supplier<Duration> atMost;
    private final LongSupplier nanoTime;
    private final Cache<ListKey, Received> lists = Caffeine.newBuilder()
            .maximumWeight(MEMORY_BYTES)
            .weigher((ListKey key, Received received) ->
                    (int) received.bytes() + OVERHEAD * received.pages().size())
            .build();

    /**
     * Creates a paginator.
     *
     * @param atMost the time after which no further page of a list is requested
     */
    public Paginator(Supplier<Duration> atMost, LongSupplier nanoTime) {
        this.atMost = atMost;
        this.nanoTime = nanoTime;
    }

    private record ListKey(RegistryName registry, String repository, String path) {}

    private record Page(String query, ListAnswer answer) {}

    /**
     * The pages of a list received so far.
     *
     * @param next the query of the next page; empty if there is none
     * @param since the time of the start, as nanoseconds of the clock
     */
    private record Received(List<Page> pages, Optional<String> next, long since) {
        Received and(Page page) {
            List<Page> more = new ArrayList<>(pages);
            more.add(page);
            return new Received(more, page.answer.next(), since);
        }

        long bytes() {
            return pages.stream().mapToLong(page -> page.answer.bytes().length).sum();
        }
    }

    /**
     * Consecutive pages of a list.
     *
     * @param next the query of the next page; empty if there is none
     */
    record Pages<V>(List<V> pages, Optional<String> next) {}

    /**
     * Fetches all pages of a list; blocks.
     *
     * @param query the query of the first page
     * @param read parses a page; empty if the answer is not a page of such a list
     * @return empty if the first answer is not a page: then the upstream has no such list
     * @throws RegistryException the upstream's failure, {@link ErrorCode#UPSTREAM_BAD_ANSWER} if the list has no
     *     end or a later answer is not a page, or {@link ErrorCode#UPSTREAM_TIMEOUT} if the list takes too long
     */
    <V> Optional<List<V>> fetchAll(
            Upstream upstream, String repository, String path, String query, Function<ListAnswer, Optional<V>> read) {
        ListKey key = new ListKey(upstream.name(), repository, path);
        long start = nanoTime.getAsLong();
        Received received = received(key).orElse(new Received(List.of(), Optional.of(query), start));
        List<V> pages = new ArrayList<>();
        Set<String> requested = new HashSet<>();
        received.pages.forEach(page -> {
            requested.add(page.query);
            pages.add(read.apply(page.answer).orElseThrow());
        });
        long bytes = received.bytes();
        Duration time = atMost.get();
        while (received.next.isPresent()) {
            if (nanoTime.getAsLong() - start > time.toNanos()) {
                throw new RegistryException(
                        ErrorCode.UPSTREAM_TIMEOUT,
                        attempt(upstream, repository, path) + "only " + pages.size() + " of its pages arrived in "
                                + time.toSeconds() + " s");
            }
            String next = received.next.get();
            if (!requested.add(next) || requested.size() > MAX_PAGES) {
                lists.invalidate(key);
                throw badAnswer(upstream, repository, path, "its pages have no end");
            }
            ListAnswer answer = upstream.list(repository, path, next, MAX_BYTES - bytes);
            Optional<V> page = read.apply(answer);
            if (page.isEmpty()) {
                lists.invalidate(key);
                if (pages.isEmpty()) {
                    return Optional.empty();
                }
                throw badAnswer(upstream, repository, path, "one of its pages is not a list");
            }
            pages.add(page.get());
            bytes += answer.bytes().length;
            received = received.and(new Page(next, answer));
            if (received.next.isPresent()) {
                lists.put(key, received);
            }
        }
        lists.invalidate(key);
        return Optional.of(pages);
    }

    /** Returns the pages received so far of a list that is in flight or has failed; empty if none. Asks no upstream. */
    <V> Optional<Pages<V>> received(
            RegistryName registry, String repository, String path, Function<ListAnswer, Optional<V>> read) {
        return received(new ListKey(registry, repository, path))
                .map(received -> new Pages<>(
                        received.pages.stream()
                                .flatMap(page -> read.apply(page.answer).stream())
                                .toList(),
                        received.next));
    }

    private Optional<Received> received(ListKey key) {
        return Optional.ofNullable(lists.getIfPresent(key))
                .filter(received -> nanoTime.getAsLong() - received.since < KEEP_TIME.toNanos());
    }

    /**
     * Fetches one page, and the pages after it while the upstream sends pages without entries; blocks.
     *
     * @param query the query of the page
     * @param read parses a page; empty if the answer is not a page of such a list
     * @return empty if the answer is not a page
     * @throws RegistryException as {@link #fetchAll}
     */
    <V> Optional<Pages<V>> fetchPage(
            Upstream upstream,
            String repository,
            String path,
            String query,
            Function<ListAnswer, Optional<V>> read,
            Predicate<V> isEmpty) {
        Optional<String> next = Optional.of(query);
        for (int empty = 0; empty < MAX_EMPTY; empty++) {
            ListAnswer answer = upstream.list(repository, path, next.get(), MAX_BYTES);
            Optional<V> page = read.apply(answer);
            next = answer.next();
            if (page.isEmpty() || next.isEmpty() || !isEmpty.test(page.get())) {
                Optional<String> after = next;
                return page.map(found -> new Pages<>(List.of(found), after));
            }
        }
        throw badAnswer(upstream, repository, path, "its pages have no entries and no end");
    }

    private static RegistryException badAnswer(Upstream upstream, String repository, String path, String reason) {
        return new RegistryException(ErrorCode.UPSTREAM_BAD_ANSWER, attempt(upstream, repository, path) + reason);
    }

    private static String attempt(Upstream upstream, String repository, String path) {
        return "GET " + path + " of " + upstream.name() + "/" + repository + ": ";
    }
}
