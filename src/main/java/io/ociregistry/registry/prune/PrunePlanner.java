package io.ociregistry.registry.prune;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Tag;
import io.ociregistry.registry.prune.PrunePlan.Change;
import io.ociregistry.registry.prune.ReferenceGraph.Member;
import io.ociregistry.store.BlobFile;
import io.ociregistry.store.ManifestSummary;
import io.ociregistry.store.QuarantinedRecord;
import io.ociregistry.store.RecordedReference;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Decides what one pruning does. Changes nothing, and asks nobody but what it was given. */
final class PrunePlanner {
    private final ReferenceGraph census;
    private final Map<Digest, BlobFile> files;
    private final PruneContext limits;
    /** Blobs that a record names. */
    private final Set<Digest> named;
    /** Manifests that an index lists. */
    private final Set<Digest> listed;

    private final List<String> kept = new ArrayList<>();

    PrunePlanner(ReferenceGraph census, Map<Digest, BlobFile> files, PruneContext limits) {
        this.census = census;
        this.files = files;
        this.limits = limits;
        this.named = census.members().stream()
                .flatMap(member -> member.manifest().blobs().stream())
                .map(ManifestSummary.Blob::digest)
                .collect(Collectors.toSet());
        this.listed = census.members().stream()
                .flatMap(member -> member.manifest().children().stream())
                .collect(Collectors.toSet());
    }

    PrunePlan plan(PruneRequest request) {
        List<PruneCandidate> chosen = withoutReached(chosen(request.policy()));
        if (request.count().isPresent()) {
            chosen = chosen.subList(0, Math.min(chosen.size(), request.count().getAsInt()));
        }
        if (request.maxSize().isPresent()) {
            chosen = chosen.subList(0, asItTakes(chosen, request.maxSize().getAsLong()));
        }
        return planFor(withoutReached(chosen));
    }

    /** Without digests that stay since an index of another repository lists them: they would use up a count, and be told of again each time. */
    private List<PruneCandidate> withoutReached(List<PruneCandidate> chosen) {
        MarkPhase survivors = survivors(chosen);
        List<PruneCandidate> going = new ArrayList<>();
        for (PruneCandidate candidate : chosen) {
            Member untagged = census.member(candidate.name());
            if (untagged != null && survivors.contains(untagged)) {
                kept.add(candidate.name() + " is listed by an index that stays");
            } else {
                going.add(candidate);
            }
        }
        return going;
    }

    /** All that may go and is chosen, least recently pulled first. */
    private List<PruneCandidate> chosen(PrunePolicy policy) {
        List<PruneCandidate> chosen = new ArrayList<>();
        for (Member member : census.members()) {
            List<PruneCandidate> candidates = candidates(member).stream()
                    .filter(candidate -> isPart(member, candidate)
                            ? policy.selectsPart(candidate.name())
                            : policy.selects(candidate))
                    .toList();
            if (candidates.isEmpty()) {
                continue;
            }
            if (limits.isPinned(member)) {
                candidates.forEach(candidate -> kept.add(candidate.name() + " is pinned"));
            } else if (isArriving(member)) {
                candidates.forEach(candidate -> kept.add(candidate.name() + " is arriving just now"));
            } else {
                chosen.addAll(candidates);
            }
        }
        chosen.sort(Comparator.comparing(PruneCandidate::pulled)
                .thenComparing(candidate -> candidate.name().toString()));
        return chosen;
    }

    private List<PruneCandidate> candidates(Member member) {
        Instant pulled = pulled(member);
        if (census.isUnheld(member)) {
            Instant created = member.others().stream()
                    .map(RecordedReference::created)
                    .min(Instant::compareTo)
                    .orElse(Instant.EPOCH);
            List<ImageReference> names = Stream.concat(
                            Stream.of(member.key()), member.others().stream().map(RecordedReference::name))
                    .distinct()
                    .toList();
            return List.of(new PruneCandidate(member.key(), names, created, pulled));
        }
        return member.tags().stream()
                .map(tag -> new PruneCandidate(
                        tag.name(), List.of(tag.name()), tag.created(), latest(tag.pulled(), pulled)))
                .toList();
    }

    private boolean isPart(Member member, PruneCandidate candidate) {
        return member.tags().stream().anyMatch(tag -> tag.name().equals(candidate.name()) && census.isPart(tag));
    }

    /** When clients last got it by digest, or what it lists. */
    private Instant pulled(Member member) {
        return closure(member).stream()
                .flatMap(each -> each.equals(member)
                        ? each.others().stream()
                        : Stream.concat(each.others().stream(), each.tags().stream()))
                .map(RecordedReference::pulled)
                .max(Instant::compareTo)
                .orElse(Instant.EPOCH);
    }

    private static Instant latest(Instant one, Instant other) {
        return one.isAfter(other) ? one : other;
    }

    /** A member and what it lists, directly or not. */
    private Set<Member> closure(Member root) {
        Set<Member> found = new LinkedHashSet<>();
        Deque<Member> left = new ArrayDeque<>(List.of(root));
        while (!left.isEmpty()) {
            Member member = left.remove();
            if (found.add(member)) {
                left.addAll(census.children(member));
            }
        }
        return found;
    }

    private boolean isArriving(Member member) {
        return closure(member).stream()
                .flatMap(each -> each.manifest().blobs().stream())
                .anyMatch(blob -> limits.arriving().contains(blob.digest()));
    }

    /** How many of them have to go for the cache to be no larger than that. */
    private int asItTakes(List<PruneCandidate> chosen, long maxSize) {
        int tooFew = -1;
        int enough = chosen.size();
        while (enough - tooFew > 1) {
            int middle = (tooFew + enough) / 2;
            long freed = unreached(survivors(chosen.subList(0, middle))).stream()
                    .mapToLong(BlobFile::size)
                    .sum();
            if (limits.size() - freed <= maxSize) {
                enough = middle;
            } else {
                tooFew = middle;
            }
        }
        return enough;
    }

    private MarkPhase survivors(List<PruneCandidate> going) {
        return new MarkPhase(
                census, going.stream().map(PruneCandidate::name).collect(Collectors.toSet()), limits::isPinned);
    }

    /** What is on the disk and nothing that stays names. Files that no record named before have to be old: theirs may be on its way. */
    private List<BlobFile> unreached(MarkPhase survivors) {
        Set<Digest> reached = survivors.blobs();
        limits.lost().stream()
                .filter(lost -> isMissed(lost, survivors))
                .map(QuarantinedRecord::named)
                .forEach(reached::addAll);
        return files.values().stream()
                .filter(file -> !reached.contains(file.digest()))
                .filter(file ->
                        named.contains(file.digest()) || limits.isOrphan().test(file))
                .sorted(Comparator.comparing(BlobFile::digest))
                .toList();
    }

    /** What is in quarantine goes with the indexes that list it, if there are any. */
    private boolean isMissed(QuarantinedRecord lost, MarkPhase survivors) {
        return survivors.list(lost.digest()) || !listed.contains(lost.digest());
    }

    private void tellOfMissed(QuarantinedRecord lost, MarkPhase survivors) {
        Set<Digest> spared = new HashSet<>(lost.named());
        spared.retainAll(files.keySet());
        spared.removeAll(survivors.blobs());
        if (!spared.isEmpty()) {
            kept.add(spared.size() + " blobs of " + lost
                    + "; verify --repair fetches it again, and they go once that file is deleted");
        }
    }

    private PrunePlan planFor(List<PruneCandidate> chosen) {
        MarkPhase survivors = survivors(chosen);
        List<BlobFile> blobs = unreached(survivors);
        PruneReporter telling = new PruneReporter(census, survivors, blobs);
        chosen.forEach(candidate -> telling.tell(candidate.name()));
        Set<ImageReference> gone = census.members().stream()
                .filter(member -> !survivors.contains(member))
                .map(Member::key)
                .collect(Collectors.toSet());
        Set<Digest> unreached = new HashSet<>(named);
        unreached.removeAll(survivors.blobs());
        Map<Boolean, List<QuarantinedRecord>> lost =
                limits.lost().stream().collect(Collectors.partitioningBy(each -> isMissed(each, survivors)));
        Set<Digest> spared = new HashSet<>();
        for (QuarantinedRecord missed : lost.getOrDefault(true, List.of())) {
            tellOfMissed(missed, survivors);
            spared.addAll(missed.named());
        }
        unreached.removeAll(spared);
        return new PrunePlan(
                telling.names(),
                kept.stream().sorted().toList(),
                changes(going(chosen, survivors), survivors),
                gone,
                blobs,
                unreached,
                spared,
                lost.getOrDefault(false, List.of()).stream()
                        .map(QuarantinedRecord::digest)
                        .collect(Collectors.toSet()),
                true);
    }

    /** The names that were chosen, and the tags of all that goes with them. */
    private Set<ImageReference> going(List<PruneCandidate> chosen, MarkPhase survivors) {
        return Stream.concat(
                        chosen.stream().map(PruneCandidate::name),
                        census.members().stream()
                                .filter(member -> !survivors.contains(member))
                                .flatMap(member -> member.tags().stream())
                                .map(RecordedReference::name))
                .collect(Collectors.toSet());
    }

    private Map<Digest, Change> changes(Set<ImageReference> going, MarkPhase survivors) {
        Map<Digest, Change> changes = new LinkedHashMap<>();
        Set<Digest> manifests = census.members().stream()
                .map(member -> member.manifest().digest())
                .collect(Collectors.toCollection(LinkedHashSet::new));
        for (Digest manifest : manifests) {
            List<RecordedReference> left = census.members(manifest).stream()
                    .filter(survivors::contains)
                    .flatMap(member -> left(member, going).stream())
                    .toList();
            ManifestSummary summary = census.members(manifest).get(0).manifest();
            List<RecordedReference> before = summary.references();
            if (!Set.copyOf(left).equals(Set.copyOf(before))) {
                List<RecordedReference> outdated = census.members(manifest).stream()
                        .flatMap(member -> member.others().stream())
                        .filter(reference -> isTagOf(going, reference))
                        .toList();
                changes.put(manifest, new Change(summary, before, outdated, left));
            }
        }
        return changes;
    }

    /** A member that stays keeps a name, be it its digest. A tag that goes is not claimed by what it meant before either: it would come back. */
    private static List<RecordedReference> left(Member member, Set<ImageReference> going) {
        List<RecordedReference> left = Stream.concat(member.tags().stream(), member.others().stream())
                .filter(reference -> !isTagOf(going, reference))
                .toList();
        if (!left.isEmpty()) {
            return left;
        }
        RecordedReference last = Stream.concat(member.tags().stream(), member.others().stream())
                .findFirst()
                .orElseThrow();
        return List.of(new RecordedReference(member.key(), last.created(), last.pulled(), last.checked()));
    }

    private static boolean isTagOf(Set<ImageReference> names, RecordedReference reference) {
        return reference.name().reference() instanceof Tag && names.contains(reference.name());
    }
}
