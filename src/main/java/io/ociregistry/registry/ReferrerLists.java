package io.ociregistry.registry;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.MediaType;
import io.ociregistry.oci.ReferrerList;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Tag;
import io.ociregistry.store.ListName;
import io.ociregistry.store.ManifestStore;
import io.ociregistry.upstream.ListAnswer;
import io.ociregistry.upstream.Upstream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What refers to manifests.
 *
 * <p>The upstream's referrers API tells, or, where it has none, the index under the tag {@code <algorithm>-<hex>}. Only its definite no to
 * both means that there is nothing: a verifier must never read an outage as "not signed".
 */
final class ReferrerLists implements ListKind<ListName.Referrers, ReferrerList> {
    private static final Duration MAX_AGE = Duration.ofMinutes(5);
    /** Signatures are added after the image was pushed, and whoever waits for one asks again. */
    private static final Duration MAX_AGE_OF_NOTHING = Duration.ofSeconds(30);
    /** "Referrers Tag Schema": the encoded part is cut to so many characters. */
    private static final int TAG_HEX = 64;

    private final Manifests manifests;
    private final ManifestStore store;
    private final Catalog catalog;
    private final boolean airGapped;
    private final Pages pages;

    ReferrerLists(Manifests manifests, ManifestStore store, Catalog catalog, boolean airGapped, Pages pages) {
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
