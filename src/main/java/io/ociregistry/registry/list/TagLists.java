package io.ociregistry.registry.list;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Repository;
import io.ociregistry.oci.Tag;
import io.ociregistry.oci.TagList;
import io.ociregistry.registry.catalog.ContentIndex;
import io.ociregistry.store.ListName;
import io.ociregistry.upstream.ListAnswer;
import io.ociregistry.upstream.Upstream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/** The tags of repositories: what the upstream lists; offline what it listed last, and the tags that are cached. */
public final class TagLists implements ListSource<ListName.Tags, TagList> {
    /** Lets a program that pages through a list see one list, and a person who pushed a tag see it soon. */
    private static final Duration MAX_AGE = Duration.ofSeconds(10);
    /** The first question for whatever page: most lists end there, so that they are whole. */
    private static final ListPage FIRST = new ListPage(ListPage.MOST, "", Optional.empty());

    private static final String PATH = "tags/list";
    private static final long MEMORY_BYTES = 24L << 20;
    private static final Pattern LAST = Pattern.compile("(?:^|&)last=([^&]*)");

    private final ContentIndex catalog;
    private final Paginator pages;
    /** The lists that clients are reading page by page, by the question for the page that follows. */
    private final Cache<Question, Read> reading = Caffeine.newBuilder()
            .maximumWeight(MEMORY_BYTES)
            .weigher((Question question, Read read) -> read.weight)
            .expireAfterWrite(Duration.ofMinutes(10))
            .build();

    public TagLists(ContentIndex catalog, Paginator pages) {
        this.catalog = catalog;
        this.pages = pages;
    }

    @Override
    public TagList fetch(Upstream upstream, ListName.Tags name) {
        String repository = name.repository().name();
        return pages.all(upstream, repository, PATH, FIRST.upstreamQuery(), answer -> page(name, answer))
                .map(TagList::merged)
                .orElseThrow(() -> unknown(name));
    }

    private static RegistryException unknown(ListName.Tags name) {
        return new RegistryException(
                ErrorCode.NAME_UNKNOWN, "GET tags/list of " + name.repository() + ": upstream answered 404");
    }

    private static RegistryException gone(ListName.Tags name) {
        return new RegistryException(
                ErrorCode.UPSTREAM_BAD_ANSWER,
                "GET tags/list of " + name.repository()
                        + ": upstream answered 404 to its own link to the next page; begin again without it");
    }

    private record Question(Repository repository, String query) {}

    /** The pages of a list from its beginning on. */
    private record Read(Optional<Read> before, TagList page, int weight) {
        private static final int PER_TAG = 64;
        private static final int PER_CHARACTER = 4;

        static Read of(Optional<Read> before, TagList page) {
            int weight = page.tags().stream()
                    .mapToInt(tag -> PER_TAG + PER_CHARACTER * tag.length())
                    .sum();
            return new Read(before, page, weight + before.map(Read::weight).orElse(0));
        }

        TagList all() {
            List<TagList> pages = new ArrayList<>();
            for (Optional<Read> read = Optional.of(this); read.isPresent(); read = read.get().before) {
                pages.add(read.get().page);
            }
            return TagList.merged(pages);
        }
    }

    /**
     * Asks for a page. The first one is asked for as large as it may be, since most lists end there; where the upstream continues its list by
     * the last tag of a page, in the order of bytes, a larger page than the client wants is cut. Otherwise the upstream's own link counts.
     */
    @Override
    public ListResult<TagList> page(Upstream upstream, ListName.Tags name, ListPage asked, Consumer<TagList> whole) {
        Came first = ask(upstream, name, asked.isFirst() ? FIRST : asked);
        if (asked.isFirst() && first.next.isEmpty()) {
            whole.accept(first.tags);
            return cut(first.tags, asked);
        }
        if (asked.size() == 0) {
            return cut(first.tags, asked);
        }
        boolean isTooLarge = asked.isFirst() && first.isLargerThan(asked) && !first.isCutBehind(asked);
        Came came = isTooLarge ? ask(upstream, name, asked) : first;
        if (asked.next().isEmpty() && !came.isAfter(asked.last())) {
            // The upstream knows no "last", or has another order.
            TagList all = fetch(upstream, name);
            whole.accept(all);
            return cut(all, asked);
        }
        ListResult<TagList> page = came.isLargerThan(asked) && came.isCutBehind(asked)
                ? cut(came.tags, asked)
                : ListResult.certain(came.tags, came.next.map(next -> following(asked, came.tags, next)));
        note(name, asked, page, whole);
        return page;
    }

    private static ListPage following(ListPage asked, TagList tags, String query) {
        String last =
                tags.isEmpty() ? asked.last() : tags.tags().get(tags.tags().size() - 1);
        return asked.continued(last, query).orElse(asked.after(last));
    }

    private Came ask(Upstream upstream, ListName.Tags name, ListPage asked) {
        boolean goesOn = asked.next().isPresent();
        Paginator.Some<TagList> came = pages.one(
                        upstream,
                        name.repository().name(),
                        PATH,
                        asked.upstreamQuery(),
                        answer -> page(name, answer),
                        TagList::isEmpty)
                .orElseThrow(() -> goesOn ? gone(name) : unknown(name));
        return new Came(TagList.merged(came.pages()), came.next());
    }

    /**
     * A page of the upstream.
     *
     * @param next the query of the page that follows; empty if there is none
     */
    private record Came(TagList tags, Optional<String> next) {
        boolean isLargerThan(ListPage asked) {
            return tags.tags().size() > asked.size();
        }

        boolean isAfter(String last) {
            return tags.isEmpty() || tags.tags().get(0).compareTo(last) > 0;
        }

        /** Whether the list goes on by the last tag, so that the client may go on by an earlier one. */
        boolean isCutBehind(ListPage asked) {
            String greatest = tags.isEmpty() ? "" : tags.tags().get(tags.tags().size() - 1);
            return asked.next().isEmpty()
                    && next.map(query -> LAST.matcher(query).results().anyMatch(last -> last.group(1)
                                    .equals(greatest)))
                            .orElse(true);
        }
    }

    /** Notes that a client has read a page. At the end of the list, all of it is known. */
    private void note(ListName.Tags name, ListPage asked, ListResult<TagList> page, Consumer<TagList> whole) {
        Question question = new Question(name.repository(), asked.upstreamQuery());
        Optional<Read> before = Optional.ofNullable(reading.asMap().remove(question));
        if (asked.isFirst() || before.isPresent()) {
            Read read = Read.of(asked.isFirst() ? Optional.empty() : before, page.list());
            page.next()
                    .ifPresentOrElse(
                            next -> reading.put(new Question(name.repository(), next.upstreamQuery()), read),
                            () -> whole.accept(read.all()));
        }
    }

    @Override
    public ListResult<TagList> cut(TagList whole, ListPage asked) {
        List<String> rest = whole.tags().stream()
                .filter(tag -> tag.compareTo(asked.last()) > 0)
                .toList();
        List<String> page = rest.subList(0, Math.min(asked.size(), rest.size()));
        boolean isLast = asked.size() == 0 || page.size() == rest.size();
        return ListResult.certain(
                new TagList(page), isLast ? Optional.empty() : Optional.of(asked.after(page.get(page.size() - 1))));
    }

    @Override
    public boolean isShort(TagList list) {
        return list.tags().size() <= FIRST.size();
    }

    @Override
    public Optional<ListResult<TagList>> begun(ListName.Tags name) {
        return pages.begun(name.repository().registry(), name.repository().name(), PATH, answer -> page(name, answer))
                .map(some -> begun(TagList.merged(some.pages()), some.next()));
    }

    private static ListResult<TagList> begun(TagList tags, Optional<String> next) {
        return ListResult.certain(tags, next.map(query -> following(ListPage.ALL, tags, query)));
    }

    private static Optional<TagList> page(ListName.Tags name, ListAnswer answer) {
        if (answer.status() == 404) {
            return Optional.empty();
        }
        String what = "GET tags/list of " + name.repository() + ": ";
        if (!answer.isFound()) {
            throw new RegistryException(ErrorCode.UPSTREAM_BAD_ANSWER, what + "upstream answered " + answer.status());
        }
        try {
            return Optional.of(TagList.parse(answer.bytes()));
        } catch (RegistryException e) {
            throw new RegistryException(e.code(), what + e.getMessage(), e);
        }
    }

    @Override
    public int atATime() {
        return 2;
    }

    @Override
    public Duration maxAge(TagList list) {
        return MAX_AGE;
    }

    @Override
    public boolean isKept(ListName.Tags name, TagList list) {
        return true;
    }

    @Override
    public Optional<TagList> offline(ListName.Tags name, Optional<TagList> last) {
        TagList here = new TagList(
                catalog.tags(name.repository()).stream().map(Tag::value).toList());
        return last.isEmpty() && here.isEmpty()
                ? Optional.empty()
                : Optional.of(last.orElse(TagList.EMPTY).and(here));
    }

    @Override
    public byte[] write(ListName.Tags name, TagList list) {
        return list.toJson(name.repository().name());
    }

    @Override
    public TagList read(byte[] json) {
        return TagList.parse(json);
    }
}
