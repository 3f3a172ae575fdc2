package io.ociregistry.registry.list;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.MediaType;
import io.ociregistry.oci.ReferrerList;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Tag;
import io.ociregistry.registry.catalog.ContentIndex;
import io.ociregistry.registry.manifest.ManifestService;
import io.ociregistry.store.ListName;
import io.ociregistry.store.manifest.ManifestStore;
import io.ociregistry.upstream.ListAnswer;
import io.ociregistry.upstream.Upstream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What refers to manifests.
 *
 * <p>The upstream's referrers API tells, or, where it has none, the index under the tag {@code <algorithm>-<hex>}. Only its definite no to
 * both means that there is nothing: a verifier must never read an outage as "not signed".
 */
public final class ReferrerLists implements ListSource<ListName.Referrers, ReferrerList> {
    private static final Duration MAX_AGE = Duration.ofMinutes(5);
    /** Signatures are added after the image was pushed, and whoever waits for one asks again. */
    private static final Duration MAX_AGE_OF_NOTHING = Duration.ofSeconds(30);
    /** "Referrers Tag Schema": the encoded part is cut to so many characters. */
    private static final int TAG_HEX = 64;

    private final ManifestService manifests;
    private final ManifestStore store;
    private final ContentIndex catalog;
    private final boolean airGapped;
    private final Paginator pages;

    public ReferrerLists(
            ManifestService manifests, ManifestStore store, ContentIndex catalog, boolean airGapped, Paginator pages) {
        this.manifests = manifests;
        this.store = store;
        this.catalog = catalog;
        this.airGapped = airGapped;
        this.pages = pages;
    }

    @Override
    public ReferrerList fetch(Upstream upstream, ListName.Referrers name) {
        return pages.all(
                        upstream,
                        name.repository().name(),
                        "referrers/" + name.subject(),
                        "",
                        answer -> page(name, answer))
                .map(ReferrerList::merged)
                .orElseGet(() -> manifests
                        .ask(upstream, tag(name))
                        .map(ReferrerList::listedIn)
                        .orElse(ReferrerList.EMPTY));
    }

    /** A page of the API. Without it, or if its link is too long for ours, all are one page. */
    @Override
    public ListResult<ReferrerList> page(
            Upstream upstream, ListName.Referrers name, ListPage asked, Consumer<ReferrerList> whole) {
        Optional<Paginator.Some<ReferrerList>> came = pages.one(
                upstream,
                name.repository().name(),
                "referrers/" + name.subject(),
                asked.upstreamQuery(),
                answer -> page(name, answer),
                ReferrerList::isEmpty);
        if (came.isEmpty() && !asked.isFirst()) {
            throw new RegistryException(
                    ErrorCode.UPSTREAM_BAD_ANSWER,
                    "GET the " + name + ": upstream's own link to the next page leads to none; begin again without it");
        }
        Optional<String> more = came.flatMap(Paginator.Some::next);
        Optional<ListPage> next = more.flatMap(query -> asked.continued("", query));
        if (came.isEmpty() || next.isPresent() != more.isPresent()) {
            ReferrerList all = fetch(upstream, name);
            whole.accept(all);
            return ListResult.certain(all);
        }
        ReferrerList page = ReferrerList.merged(came.get().pages());
        if (asked.isFirst() && next.isEmpty()) {
            whole.accept(page);
        }
        return ListResult.certain(page, next);
    }

    /** All of them: nothing in them says where an upstream's page ends, and more than was asked for hides no signature. */
    @Override
    public ListResult<ReferrerList> cut(ReferrerList whole, ListPage asked) {
        return ListResult.certain(whole);
    }

    @Override
    public boolean isShort(ReferrerList list) {
        return false;
    }

    /** Never a part: whoever does not read on would take an image for unsigned. */
    @Override
    public Optional<ListResult<ReferrerList>> begun(ListName.Referrers name) {
        return Optional.empty();
    }

    /** Registries without the API answer all kinds of things, with 200 too. */
    private static Optional<ReferrerList> page(ListName.Referrers name, ListAnswer answer) {
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
    public int atATime() {
        return 4;
    }

    @Override
    public Duration maxAge(ReferrerList list) {
        return list.isEmpty() ? MAX_AGE_OF_NOTHING : MAX_AGE;
    }

    /** Not that there is nothing for a digest that nobody has: clients can ask for any number of those. */
    @Override
    public boolean isKept(ListName.Referrers name, ReferrerList list) {
        return !list.isEmpty()
                || catalog.find(new ImageReference(name.repository(), name.subject()))
                        .isPresent();
    }

    @Override
    public Optional<ReferrerList> offline(ListName.Referrers name, Optional<ReferrerList> last) {
        if (last.isEmpty() && !airGapped) {
            return Optional.empty();
        }
        List<ReferrerList> known = new ArrayList<>();
        last.ifPresent(known::add);
        manifests.cached(tag(name)).map(ReferrerList::listedIn).ifPresent(known::add);
        for (Digest referrer : catalog.referrers(name.repository(), name.subject())) {
            store.find(referrer).map(ReferrerList::of).ifPresent(known::add);
        }
        return Optional.of(ReferrerList.merged(known));
    }

    @Override
    public byte[] write(ListName.Referrers name, ReferrerList list) {
        return list.toJson();
    }

    @Override
    public ReferrerList read(byte[] json) {
        return ReferrerList.parse(json)
                .orElseThrow(() -> new RegistryException(ErrorCode.UPSTREAM_BAD_ANSWER, "it is no image index"));
    }

    private static ImageReference tag(ListName.Referrers name) {
        Digest subject = name.subject();
        return new ImageReference(
                name.repository(),
                Tag.parse(subject.algorithm() + "-" + subject.hex().substring(0, TAG_HEX)));
    }
}
