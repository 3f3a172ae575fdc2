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
 * All pages of one list of an upstream, fetched one after another; bounded.
 *
 * <p>The pages of a list that failed before its end are kept for five minutes, as long as there is memory for them: the next attempt asks
 * for the page that failed.
 */
public final class Paginator {
    /** Of all pages together; what clients take of one. */
    static final long MAX_BYTES = 4 << 20;

    private static final int MAX_PAGES = 5000;
    /** Pages that an upstream may send without an entry before one that has some. */
    private static final int MAX_EMPTY = 100;

    private static final long MEMORY_BYTES = 8L << 20;
    private static final int OVERHEAD = 512;
    private static final Duration KEPT = Duration.ofMinutes(5);

    private final Supplier<Duration> atMost;
    private final LongSupplier nanoTime;
    private final Cache<Where, Begun> lists = Caffeine.newBuilder()
            .maximumWeight(MEMORY_BYTES)
            .weigher((Where where, Begun begun) ->
                    (int) begun.bytes() + OVERHEAD * begun.pages().size())
            .build();

    /** Lists that have so much time, and the page after which it is over. */
    public Paginator(Supplier<Duration> atMost, LongSupplier nanoTime) {
        this.atMost = atMost;
        this.nanoTime = nanoTime;
    }

    private record Where(RegistryName registry, String repository, String path) {}

    private record Page(String query, ListAnswer answer) {}

    /**
     * What has come of a list.
     *
     * @param next the query of the next page; empty if there is none
     */
    private record Begun(List<Page> pages, Optional<String> next, long since) {
        Begun and(Page page) {
            List<Page> more = new ArrayList<>(pages);
            more.add(page);
            return new Begun(more, page.answer.next(), since);
        }

        long bytes() {
            return pages.stream().mapToLong(page -> page.answer.bytes().length).sum();
        }
    }

    /**
     * Pages of a list that follow one another.
     *
     * @param next the query of the page that follows; empty if there is none
     */
    record Some<V>(List<V> pages, Optional<String> next) {}

    /**
     * Fetches all.
     *
     * @param query that of the first page
     * @param read reads a page; empty if it is none
     * @return empty if the first page is none: then there is no such list
     * @throws RegistryException that of the upstream, {@link ErrorCode#UPSTREAM_BAD_ANSWER} if the list has no end, or is broken, or
     *     {@link ErrorCode#UPSTREAM_TIMEOUT} if it takes too long
     */
    <V> Optional<List<V>> all(
            Upstream upstream, String repository, String path, String query, Function<ListAnswer, Optional<V>> read) {
        Where where = new Where(upstream.name(), repository, path);
        long began = nanoTime.getAsLong();
        Begun begun = begun(where).orElse(new Begun(List.of(), Optional.of(query), began));
        List<V> pages = new ArrayList<>();
        Set<String> asked = new HashSet<>();
        begun.pages.forEach(page -> {
            asked.add(page.query);
            pages.add(read.apply(page.answer).orElseThrow());
        });
        long bytes = begun.bytes();
        Duration time = atMost.get();
        while (begun.next.isPresent()) {
            if (nanoTime.getAsLong() - began > time.toNanos()) {
                throw new RegistryException(
                        ErrorCode.UPSTREAM_TIMEOUT,
                        what(upstream, repository, path) + "only " + pages.size() + " of its pages came in "
                                + time.toSeconds() + " s");
            }
            String next = begun.next.get();
            if (!asked.add(next) || asked.size() > MAX_PAGES) {
                lists.invalidate(where);
                throw bad(upstream, repository, path, "its pages have no end");
            }
            ListAnswer answer = upstream.list(repository, path, next, MAX_BYTES - bytes);
            Optional<V> page = read.apply(answer);
            if (page.isEmpty()) {
                lists.invalidate(where);
                if (pages.isEmpty()) {
                    return Optional.empty();
                }
                throw bad(upstream, repository, path, "one of its pages is none");
            }
            pages.add(page.get());
            bytes += answer.bytes().length;
            begun = begun.and(new Page(next, answer));
            if (begun.next.isPresent()) {
                lists.put(where, begun);
            }
        }
        lists.invalidate(where);
        return Optional.of(pages);
    }

    /** The pages that have come of a list that is not whole yet, or failed before it was; empty if there are none. Asks nobody. */
    <V> Optional<Some<V>> begun(
            RegistryName registry, String repository, String path, Function<ListAnswer, Optional<V>> read) {
        return begun(new Where(registry, repository, path))
                .map(begun -> new Some<>(
                        begun.pages.stream()
                                .flatMap(page -> read.apply(page.answer).stream())
                                .toList(),
                        begun.next));
    }

    private Optional<Begun> begun(Where where) {
        return Optional.ofNullable(lists.getIfPresent(where))
                .filter(begun -> nanoTime.getAsLong() - begun.since < KEPT.toNanos());
    }

    /**
     * Fetches one page, and those after it while the upstream sends pages without an entry.
     *
     * @param query that of the page
     * @param read reads a page; empty if it is none
     * @return empty if the first page is none
     * @throws RegistryException as {@link #all}
     */
    <V> Optional<Some<V>> one(
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
                return page.map(found -> new Some<>(List.of(found), after));
            }
        }
        throw bad(upstream, repository, path, "its pages have no entries and no end");
    }

    private static RegistryException bad(Upstream upstream, String repository, String path, String why) {
        return new RegistryException(ErrorCode.UPSTREAM_BAD_ANSWER, what(upstream, repository, path) + why);
    }

    private static String what(Upstream upstream, String repository, String path) {
        return "GET " + path + " of " + upstream.name() + "/" + repository + ": ";
    }
}
