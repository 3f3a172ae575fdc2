package io.ociregistry.registry.list;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.MediaType;
import io.ociregistry.oci.ReferrerList;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Tag;
import io.ociregistry.registry.index.ContentIndex;
import io.ociregistry.registry.manifest.ManifestService;
import io.ociregistry.store.ListName;
import io.ociregistry.store.ManifestStore;
import io.ociregistry.upstream.ListAnswer;
import io.ociregistry.upstream.Upstream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The referrers of manifests; thread-safe.
 *
 * <p>They come from the upstream's referrers API or, if it has none, from the index under the tag
 * {@code <algorithm>-<hex>}. A list is empty only if the API lists nothing, or if the upstream has neither the API nor
 * the tag: a verifier must never take an outage for "not signed" (ADR 11).
 */
public final class ReferrerLists implements ListSource<ListName.Referrers, ReferrerList> {
    private static final Duration MAX_AGE = Duration.ofMinutes(5);
    /** Shorter for an empty list, because signatures are added after the push, and clients poll for them. */
    private static final Duration MAX_AGE_OF_EMPTY = Duration.ofSeconds(30);
    /** Limit of the encoded part of the tag, from "Referrers Tag Schema" of the distribution specification. */
    private static final int TAG_HEX = 64;

    private final ManifestService manifests;
    private final ManifestStore store;
    private final ContentIndex index;
    private final boolean airGapped;
    private final Paginator pages;

    public ReferrerLists(
            ManifestService manifests, ManifestStore store, ContentIndex index, boolean airGapped, Paginator pages) {
        this.manifests = manifests;
        this.store = store;
        this.index = index;
        this.airGapped = airGapped;
        this.pages = pages;
    }

    @Override
    public ReferrerList fetch(Upstream upstream, ListName.Referrers name) {
        return pages.fetchAll(
                        upstream,
                        name.repository().name(),
                        "referrers/" + name.subject(),
                        "",
                        answer -> parse(name, answer))
                .map(ReferrerList::merged)
                .orElseGet(() -> manifests
                        .fetchOrRevalidate(upstream, referrersTag(name))
                        .map(ReferrerList::ofIndex)
                        .orElse(ReferrerList.EMPTY));
    }

    /** Fetches a page of the API; without the API, or if its link is too long for ours, the whole list is one page. */
    @Override
    public ListResult<ReferrerList> fetchPage(
            Upstream upstream, ListName.Referrers name, ListPage requested, Consumer<ReferrerList> whole) {
        Optional<Paginator.Pages<ReferrerList>> received = pages.fetchPage(
                upstream,
                name.repository().name(),
                "referrers/" + name.subject(),
                requested.upstreamQuery(),
                answer -> parse(name, answer),
                ReferrerList::isEmpty);
        if (received.isEmpty() && !requested.isFirst()) {
            throw new RegistryException(
                    ErrorCode.UPSTREAM_BAD_ANSWER,
                    "GET the " + name
                            + ": upstream has no page at its own link to the next page; start again without it");
        }
        Optional<String> nextQuery = received.flatMap(Paginator.Pages::next);
        Optional<ListPage> next = nextQuery.flatMap(query -> requested.continuedBy("", query));
        if (received.isEmpty() || next.isPresent() != nextQuery.isPresent()) {
            ReferrerList all = fetch(upstream, name);
            whole.accept(all);
            return ListResult.of(all);
        }
        ReferrerList page = ReferrerList.merged(received.get().pages());
        if (requested.isFirst() && next.isEmpty()) {
            whole.accept(page);
        }
        return ListResult.of(page, next);
    }

    /** Returns the whole list: referrers have no order to continue by, and a longer page hides no signature. */
    @Override
    public ListResult<ReferrerList> slice(ReferrerList whole, ListPage requested) {
        return ListResult.of(whole);
    }

    @Override
    public boolean isOnePage(ReferrerList list) {
        return false;
    }

    /** Returns nothing, because a client that does not follow the link would take an image for unsigned. */
    @Override
    public Optional<ListResult<ReferrerList>> received(ListName.Referrers name) {
        return Optional.empty();
    }

    /**
     * Parses an answer; empty if it is not an image index: registries without the API answer anything, even with
     * 200.
     */
    private static Optional<ReferrerList> parse(ListName.Referrers name, ListAnswer answer) {
        if (!answer.isFound() || !answer.contentType().equals(MediaType.OCI_INDEX)) {
            return Optional.empty();
        }
        try {
            return ReferrerList.parse(answer.bytes());
        } catch (RegistryException e) {
            throw new RegistryException(ErrorCode.UPSTREAM_BAD_ANSWER, "GET the " + name + ": " + e.getMessage(), e);
        }
    }

    @Override
    public int maxConcurrent() {
        return 4;
    }

    @Override
    public Duration maxAge(ReferrerList list) {
        return list.isEmpty() ? MAX_AGE_OF_EMPTY : MAX_AGE;
    }

    /** Stores no empty list for an unknown digest, because clients can request any number of unknown digests. */
    @Override
    public boolean isStored(ListName.Referrers name, ReferrerList list) {
        return !list.isEmpty()
                || index.find(new ImageReference(name.repository(), name.subject()))
                        .isPresent();
    }

    /** Returns true, because an image whose signature is missing from the list would look unsigned (ADR 11). */
    @Override
    public boolean showsUncached() {
        return true;
    }

    @Override
    public Optional<ReferrerList> cached(ListName.Referrers name, Optional<ReferrerList> last) {
        if (last.isEmpty() && !airGapped) {
            return Optional.empty();
        }
        List<ReferrerList> known = new ArrayList<>();
        last.ifPresent(known::add);
        manifests.cached(referrersTag(name)).map(ReferrerList::ofIndex).ifPresent(known::add);
        for (Digest referrer : index.referrers(name.repository(), name.subject())) {
            store.find(referrer).map(ReferrerList::of).ifPresent(known::add);
        }
        return Optional.of(ReferrerList.merged(known));
    }

    @Override
    public byte[] toJson(ListName.Referrers name, ReferrerList list) {
        return list.toJson();
    }

    @Override
    public ReferrerList parse(byte[] json) {
        return ReferrerList.parse(json)
                .orElseThrow(
                        () -> new RegistryException(ErrorCode.UPSTREAM_BAD_ANSWER, "the JSON is not an image index"));
    }

    private static ImageReference referrersTag(ListName.Referrers name) {
        Digest subject = name.subject();
        return new ImageReference(
                name.repository(),
                Tag.parse(subject.algorithm() + "-" + subject.hex().substring(0, TAG_HEX)));
    }
}
