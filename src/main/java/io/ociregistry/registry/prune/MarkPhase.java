package io.ociregistry.registry.prune;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.registry.prune.ReferenceGraph.Member;
import io.ociregistry.store.ManifestSummary;
import io.ociregistry.store.RecordedReference;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Predicate;

/**
 * What is left if some names go: marked anew from the records each time, never counted.
 *
 * <p>What stands by itself stays unless its names are among those; so does all that it holds in its repository. A manifest that an index lists,
 * of whatever repository, stays under the names it has if no other keeps it: its bytes are reached. A blob stays if a manifest that stays names
 * it.
 */
final class MarkPhase {
    private final ReferenceGraph census;
    private final Set<ImageReference> going;
    private final Set<Member> alive = new LinkedHashSet<>();
    private final Deque<Member> left = new ArrayDeque<>();
    private final Set<Digest> reached = new HashSet<>();

    /**
     * Marks what stays.
     *
     * @param going tags, and by their digests members without one, that go
     * @param pinned members that stay whatever goes
     */
    MarkPhase(ReferenceGraph census, Set<ImageReference> going, Predicate<Member> pinned) {
        this.census = census;
        this.going = going;
        census.members().stream()
                .filter(member -> pinned.test(member) || standsByItself(member))
                .forEach(this::keep);
        do {
            markHeld();
            reached.forEach(this::keepBytes);
        } while (!left.isEmpty());
    }

    boolean contains(Member member) {
        return alive.contains(member);
    }

    /** True if an index that stays lists it. */
    boolean list(Digest manifest) {
        return reached.contains(manifest);
    }

    /** Of all manifests that stay, foreign layers too: some registries have them. */
    Set<Digest> blobs() {
        Set<Digest> blobs = new HashSet<>();
        alive.forEach(member -> member.manifest().blobs().stream()
                .map(ManifestSummary.Blob::digest)
                .forEach(blobs::add));
        return blobs;
    }

    private boolean standsByItself(Member member) {
        return census.isUnheld(member)
                ? !going.contains(member.key())
                : member.tags().stream().anyMatch(tag -> stays(tag) && !census.isPart(tag));
    }

    private boolean stays(RecordedReference tag) {
        return !going.contains(tag.name());
    }

    private void markHeld() {
        while (!left.isEmpty()) {
            Member member = left.remove();
            member.manifest().children().forEach(reached::add);
            census.children(member).forEach(this::keep);
            census.referrers(member).stream().filter(this::isStillHeld).forEach(this::keep);
        }
    }

    /** By its subject, or by a tag that stays. */
    private boolean isStillHeld(Member referrer) {
        return referrer.manifest().subject().isPresent()
                || referrer.tags().stream().anyMatch(this::stays);
    }

    private void keepBytes(Digest child) {
        if (census.members(child).stream().noneMatch(alive::contains)) {
            census.members(child).forEach(this::keep);
        }
    }

    private void keep(Member member) {
        if (alive.add(member)) {
            left.add(member);
        }
    }
}
