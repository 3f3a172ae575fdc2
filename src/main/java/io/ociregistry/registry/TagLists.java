package io.ociregistry.registry;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Tag;
import io.ociregistry.oci.TagList;
import io.ociregistry.store.ListName;
import io.ociregistry.upstream.ListAnswer;
import io.ociregistry.upstream.Upstream;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** The tags of repositories: what the upstream lists; offline what it listed last, and the tags that are cached. */
final class TagLists implements ListKind<ListName.Tags, TagList> {
    /** Lets a program that pages through a list see one list, and a person who pushed a tag see it soon. */
    private static final Duration MAX_AGE = Duration.ofSeconds(10);
    /** ECR refuses more. */
    private static final String FIRST = "n=1000";

    private final Catalog catalog;
    private final Pages pages;

    TagLists(Catalog catalog, Pages pages) {
        this.catalog = catalog;
        this.pages = pages;
    }

    @Override
    public TagList fetch(Upstream upstream, ListName.Tags name) {
        String repository = name.repository().name();
        List<TagList> all = pages.all(upstream, repository, "tags/list", FIRST, answer -> page(name, answer))
                .orElseThrow(() -> new RegistryException(
                        ErrorCode.NAME_UNKNOWN, "GET tags/list of " + name.repository() + ": upstream answered 404"));
        return TagList.merged(all);
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
