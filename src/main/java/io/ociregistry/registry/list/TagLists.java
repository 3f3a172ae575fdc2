package io.ociregistry.registry.list;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Repository;
import io.ociregistry.oci.Tag;
import io.ociregistry.oci.TagList;
import io.ociregistry.registry.index.ContentIndex;
import io.ociregistry.store.ListName;
import io.ociregistry.upstream.ListAnswer;
import io.ociregistry.upstream.Upstream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * The tags of repositories: the upstream's list or, offline, its last list together with the cached tags; thread-safe.
 */
public final class TagLists implements ListSource<ListName.Tags, TagList> {
    /** Long enough for a client to read all pages of one list, and short enough to show a pushed tag soon. */
    private static final Duration MAX_AGE = Duration.ofSeconds(10);
    /** The request for the first page, whatever the client's page size: most lists end there and are then whole. */
    private static final ListPage FIRST = new ListPage(ListPage.MAX_SIZE, "", Optional.empty());

    private static final String PATH = "tags/list";
    private static final long MEMORY_BYTES = 24L << 20;
    private static final Pattern LAST = Pattern.compile("(?:^|&)last=([^&]*)");

    private final ContentIndex index;
    private final Paginator pages;
    /** The lists that clients are reading page by page, by the request for the next page. */
    private final Cache<PageKey, ReadPages> reading = Caffeine.newBuilder()
            .maximumWeight(MEMORY_BYTES)
            .weigher((PageKey key, ReadPages read) -> read.weight)
            .expireAfterWrite(Duration.ofMinutes(10))
            .build();

    public TagLists(ContentIndex index, Paginator pages) {
        this.index = index;
        this.pages = pages;
    }

    @Override
    public TagList fetch(Upstream upstream, ListName.Tags name) {
        String repository = name.repository().name();
        return pages.fetchAll(upstream, repository, PATH, FIRST.upstreamQuery(), answer -> parse(name, answer))
                .map(TagList::merged)
                .orElseThrow(() -> unknown(name));
    }

    private static RegistryException unknown(ListName.Tags name) {
        return new RegistryException(
                ErrorCode.NAME_UNKNOWN, "GET tags/list of " + name.repository() + ": upstream answered 404");
    }

    private static RegistryException noNextPage(ListName.Tags name) {
        return new RegistryException(
                ErrorCode.UPSTREAM_BAD_ANSWER,
                "GET tags/list of " + name.repository()
                        + ": upstream answered 404 to its own link to the next page; start again without it");
    }

    private record PageKey(Repository repository, String query) {}

    /**
     * The pages of a list that a client has read, from the first one on.
     *
     * @param weight the estimated bytes of memory of all these pages
     */
    private record ReadPages(Optional<ReadPages> before, TagList page, int weight) {
        private static final int PER_TAG = 64;
        private static final int PER_CHARACTER = 4;

        static ReadPages of(Optional<ReadPages> before, TagList page) {
            int weight = page.tags().stream()
                    .mapToInt(tag -> PER_TAG + PER_CHARACTER * tag.length())
                    .sum();
            return new ReadPages(
                    before, page, weight + before.map(ReadPages::weight).orElse(0));
        }

        TagList all() {
            List<TagList> pages = new ArrayList<>();
            for (Optional<ReadPages> read = Optional.of(this); read.isPresent(); read = read.get().before) {
                pages.add(read.get().page);
            }
            return TagList.merged(pages);
        }
    }

    /**
     * Fetches a page. The first page is requested as large as possible, because most lists end there. If the
     * upstream continues its list after the last tag of a page, in the order of bytes, a page that is too large is
     * cut; otherwise the client continues by the upstream's own link (ADR 33).
     */
    @Override
    public ListResult<TagList> fetchPage(
            Upstream upstream, ListName.Tags name, ListPage requested, Consumer<TagList> whole) {
        UpstreamPage first = fetchPage(upstream, name, requested.isFirst() ? FIRST : requested);
        if (requested.isFirst() && first.next.isEmpty()) {
            whole.accept(first.tags);
            return slice(first.tags, requested);
        }
        if (requested.size() == 0) {
            return slice(first.tags, requested);
        }
        boolean isTooLarge =
                requested.isFirst() && first.isLargerThan(requested) && !first.continuesAfterTag(requested);
        UpstreamPage received = isTooLarge ? fetchPage(upstream, name, requested) : first;
        if (requested.next().isEmpty() && !received.isAfter(requested.last())) {
            // The upstream ignores "last", or has another order.
            TagList all = fetch(upstream, name);
            whole.accept(all);
            return slice(all, requested);
        }
        ListResult<TagList> page = received.isLargerThan(requested) && received.continuesAfterTag(requested)
                ? slice(received.tags, requested)
                : ListResult.of(received.tags, received.next.map(next -> nextPage(requested, received.tags, next)));
        note(name, requested, page, whole);
        return page;
    }

    private static ListPage nextPage(ListPage requested, TagList tags, String query) {
        String last =
                tags.isEmpty() ? requested.last() : tags.tags().get(tags.tags().size() - 1);
        return requested.continuedBy(last, query).orElse(requested.after(last));
    }

    private UpstreamPage fetchPage(Upstream upstream, ListName.Tags name, ListPage requested) {
        boolean isContinued = requested.next().isPresent();
        Paginator.Pages<TagList> received = pages.fetchPage(
                        upstream,
                        name.repository().name(),
                        PATH,
                        requested.upstreamQuery(),
                        answer -> parse(name, answer),
                        TagList::isEmpty)
                .orElseThrow(() -> isContinued ? noNextPage(name) : unknown(name));
        return new UpstreamPage(TagList.merged(received.pages()), received.next());
    }

    /**
     * A page from the upstream.
     *
     * @param next the query of the next page; empty if there is none
     */
    private record UpstreamPage(TagList tags, Optional<String> next) {
        boolean isLargerThan(ListPage requested) {
            return tags.tags().size() > requested.size();
        }

        boolean isAfter(String last) {
            return tags.isEmpty() || tags.tags().get(0).compareTo(last) > 0;
        }

        /**
         * Returns true if the list continues after its greatest tag, so that a client may continue after an earlier
         * one.
         */
        boolean continuesAfterTag(ListPage requested) {
            String greatest = tags.isEmpty() ? "" : tags.tags().get(tags.tags().size() - 1);
            return requested.next().isEmpty()
                    && next.map(query -> LAST.matcher(query).results().anyMatch(last -> last.group(1)
                                    .equals(greatest)))
                            .orElse(true);
        }
    }

    /** Notes that a client has read a page; at the end of the list, the whole list is known. */
    private void note(ListName.Tags name, ListPage requested, ListResult<TagList> page, Consumer<TagList> whole) {
        PageKey key = new PageKey(name.repository(), requested.upstreamQuery());
        Optional<ReadPages> before = Optional.ofNullable(reading.asMap().remove(key));
        if (requested.isFirst() || before.isPresent()) {
            ReadPages read = ReadPages.of(requested.isFirst() ? Optional.empty() : before, page.list());
            page.next()
                    .ifPresentOrElse(
                            next -> reading.put(new PageKey(name.repository(), next.upstreamQuery()), read),
                            () -> whole.accept(read.all()));
        }
    }

    @Override
    public ListResult<TagList> slice(TagList whole, ListPage requested) {
        List<String> rest = whole.tags().stream()
                .filter(tag -> tag.compareTo(requested.last()) > 0)
                .toList();
        List<String> page = rest.subList(0, Math.min(requested.size(), rest.size()));
        boolean isLast = requested.size() == 0 || page.size() == rest.size();
        return ListResult.of(
                new TagList(page), isLast ? Optional.empty() : Optional.of(requested.after(page.get(page.size() - 1))));
    }

    @Override
    public boolean isOnePage(TagList list) {
        return list.tags().size() <= FIRST.size();
    }

    @Override
    public Optional<ListResult<TagList>> received(ListName.Tags name) {
        return pages.received(
                        name.repository().registry(), name.repository().name(), PATH, answer -> parse(name, answer))
                .map(some -> firstPages(TagList.merged(some.pages()), some.next()));
    }

    private static ListResult<TagList> firstPages(TagList tags, Optional<String> next) {
        return ListResult.of(tags, next.map(query -> nextPage(ListPage.ALL, tags, query)));
    }

    private static Optional<TagList> parse(ListName.Tags name, ListAnswer answer) {
        if (answer.status() == 404) {
            return Optional.empty();
        }
        String attempt = "GET tags/list of " + name.repository() + ": ";
        if (!answer.isFound()) {
            throw new RegistryException(
                    ErrorCode.UPSTREAM_BAD_ANSWER, attempt + "upstream answered " + answer.status());
        }
        try {
            return Optional.of(TagList.parse(answer.bytes()));
        } catch (RegistryException e) {
            throw new RegistryException(e.code(), attempt + e.getMessage(), e);
        }
    }

    @Override
    public int maxConcurrent() {
        return 2;
    }

    @Override
    public Duration maxAge(TagList list) {
        return MAX_AGE;
    }

    @Override
    public boolean isStored(ListName.Tags name, TagList list) {
        return true;
    }

    /** Returns false, because clients choose a tag of the list and then pull it. */
    @Override
    public boolean showsUncached() {
        return false;
    }

    @Override
    public Optional<TagList> cached(ListName.Tags name, Optional<TagList> last) {
        TagList cached = new TagList(
                index.tags(name.repository()).stream().map(Tag::value).toList());
        return last.isEmpty() && cached.isEmpty()
                ? Optional.empty()
                : Optional.of(last.orElse(TagList.EMPTY).union(cached));
    }

    @Override
    public byte[] toJson(ListName.Tags name, TagList list) {
        return list.toJson(name.repository().name());
    }

    @Override
    public TagList parse(byte[] json) {
        return TagList.parse(json);
    }
}
