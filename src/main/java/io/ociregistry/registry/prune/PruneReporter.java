package io.ociregistry.registry.prune;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.registry.prune.PrunePlan.Name;
import io.ociregistry.registry.prune.ReferenceGraph.Member;
import io.ociregistry.store.BlobFile;
import io.ociregistry.store.ManifestSummary;
import io.ociregistry.store.RecordedReference;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** Puts what goes into an order that people can follow: each name that was chosen, then what goes with it. */
final class PruneReporter {
    private final ReferenceGraph census;
    private final MarkPhase survivors;
    /** Sizes of blobs that go and were not told of yet. */
    private final Map<Digest, Long> sizes = new HashMap<>();

    private final Map<ImageReference, Member> byTag = new HashMap<>();
    private final Set<Member> told = new HashSet<>();
    private final Set<ImageReference> toldNames = new HashSet<>();
    private final List<Name> names = new ArrayList<>();

    PruneReporter(ReferenceGraph census, MarkPhase survivors, Collection<BlobFile> blobs) {
        this.census = census;
        this.survivors = survivors;
        blobs.forEach(blob -> sizes.put(blob.digest(), blob.size()));
        census.members().forEach(member -> member.tags().forEach(tag -> byTag.put(tag.name(), member)));
    }

    List<Name> names() {
        return List.copyOf(names);
    }

    /** Tells of a name that was chosen. */
    void tell(ImageReference chosen) {
        Member untagged = census.member(chosen);
        Member member = untagged == null ? byTag.get(chosen) : untagged;
        if (member == null || toldNames.contains(chosen)) {
            return;
        }
        if (survivors.contains(member)) {
            add(chosen, "only the name: " + member.key() + " stays", 0);
            return;
        }
        add(chosen, "chosen", told.add(member) ? bytes(member) : 0);
        tellRest(member, chosen);
    }

    private void tellRest(Member member, ImageReference chosen) {
        names(member).forEach(name -> add(name, "with " + chosen, 0));
        Stream.concat(census.children(member).stream(), census.referrers(member).stream())
                .filter(part -> !survivors.contains(part) && told.add(part))
                .forEach(part -> {
                    names(part).findFirst().ifPresent(name -> add(name, "with " + chosen, bytes(part)));
                    tellRest(part, chosen);
                });
    }

    /** Not the tags that have moved to something else since: these stay. */
    private Stream<ImageReference> names(Member member) {
        List<ImageReference> names = Stream.concat(
                        member.tags().stream().map(RecordedReference::name),
                        member.others().stream()
                                .map(RecordedReference::name)
                                .filter(name -> name.reference() instanceof Digest))
                .toList();
        return (names.isEmpty() ? List.of(member.key()) : names).stream().filter(name -> !toldNames.contains(name));
    }

    private void add(ImageReference name, String why, long bytes) {
        if (toldNames.add(name)) {
            names.add(new Name(name, why, bytes));
        }
    }

    private long bytes(Member member) {
        long sum = 0;
        for (ManifestSummary.Blob blob : member.manifest().blobs()) {
            Long size = sizes.remove(blob.digest());
            sum += size == null ? 0 : size;
        }
        return sum;
    }
}
