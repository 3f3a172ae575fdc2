package io.ociregistry.registry;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
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
import java.util.function.Supplier;

/** All pages of one list of an upstream, fetched one after another; bounded. */
final class Pages {
    /** Of all pages together; what clients take of one. */
    private static final long MAX_BYTES = 4 << 20;

    private static final int MAX_PAGES = 1000;

    private final Supplier<Duration> atMost;
    private final LongSupplier nanoTime;

    /** Lists that have so much time, and the page after which it is over. */
    Pages(Supplier<Duration> atMost, LongSupplier nanoTime) {
        this.atMost = atMost;
        this.nanoTime = nanoTime;
    }

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
        List<V> pages = new ArrayList<>();
        Set<String> asked = new HashSet<>();
        Optional<String> next = Optional.of(query);
        long bytes = 0;
        long began = nanoTime.getAsLong();
        Duration time = atMost.get();
        while (next.isPresent()) {
            if (nanoTime.getAsLong() - began > time.toNanos()) {
                throw new RegistryException(
                        ErrorCode.UPSTREAM_TIMEOUT,
                        what(upstream, repository, path) + "only " + pages.size() + " of its pages came in "
                                + time.toSeconds() + " s");
            }
            if (!asked.add(next.get()) || asked.size() > MAX_PAGES) {
                throw bad(upstream, repository, path, "its pages have no end");
            }
            ListAnswer answer = upstream.list(repository, path, next.get(), MAX_BYTES - bytes);
            Optional<V> page = read.apply(answer);
            if (page.isEmpty() && pages.isEmpty()) {
                return Optional.empty();
            }
            pages.add(page.orElseThrow(() -> bad(upstream, repository, path, "one of its pages is none")));
            bytes += answer.bytes().length;
            next = answer.next();
        }
        return Optional.of(pages);
    }

    private static RegistryException bad(Upstream upstream, String repository, String path, String why) {
        return new RegistryException(ErrorCode.UPSTREAM_BAD_ANSWER, what(upstream, repository, path) + why);
    }

    private static String what(Upstream upstream, String repository, String path) {
        return "GET " + path + " of " + upstream.name() + "/" + repository + ": ";
    }
}
