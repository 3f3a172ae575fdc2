package io.ociregistry.registry.prune;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Repository;
import io.ociregistry.store.BlobStore.BlobFile;
import io.ociregistry.store.ManifestSummary;
import io.ociregistry.store.RecordedReference;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Every change of one prune, complete before the first change, so that a dry run reports exactly these.
 *
 * @param names the names to remove, in the order of the report
 * @param kept for each selected image that stays, the reason
 * @param changes the records to change, by digest
 * @param removed the manifests to remove from a repository, each as a name by digest
 * @param blobs the files that are unreachable after the removal
 * @param unreachable blobs that only removed records name, whether they are stored or not
 * @param quarantineBlobs blobs that quarantined records name, which stay for them
 * @param obsoleteRecords manifests whose quarantined records are not needed afterwards
 * @param isComplete whether all records could be read
 */
record PrunePlan(
        List<PruneReport.Name> names,
        List<String> kept,
        Map<Digest, Change> changes,
        Set<ImageReference> removed,
        List<BlobFile> blobs,
        Set<Digest> unreachable,
        Set<Digest> quarantineBlobs,
        Set<Digest> obsoleteRecords,
        boolean isComplete) {
    /**
     * A record to change.
     *
     * @param manifest its summary
     * @param before its names when the plan was made
     * @param outdated its claims to removed tags that mean a newer manifest
     * @param remaining the names that stay; without any, the record is deleted
     */
    record Change(
            ManifestSummary manifest,
            List<RecordedReference> before,
            List<RecordedReference> outdated,
            List<RecordedReference> remaining) {
        /**
         * Returns the given names of the record without the outdated ones. A tag that an upstream confirmed since the
         * plan was made is not outdated. A repository without another name keeps the manifest by its digest.
         */
        List<RecordedReference> withoutOutdated(List<RecordedReference> names) {
            List<RecordedReference> current = new ArrayList<>();
            Map<Repository, RecordedReference> lastNames = new LinkedHashMap<>();
            for (RecordedReference name : names) {
                if (isOutdated(name)) {
                    lastNames.putIfAbsent(repository(name), name);
                } else {
                    current.add(name);
                }
            }
            current.forEach(name -> lastNames.remove(repository(name)));
            lastNames.forEach((repository, name) -> current.add(new RecordedReference(
                    new ImageReference(repository, manifest.digest()), name.created(), name.pulled(), name.checked())));
            return current;
        }

        /** Returns true if the record has the same names as before, with or without the outdated ones. */
        boolean matches(List<RecordedReference> names) {
            // Sets, because the names of a record in several files have no fixed order.
            return Set.copyOf(withoutOutdated(names)).equals(Set.copyOf(withoutOutdated(before)));
        }

        private boolean isOutdated(RecordedReference name) {
            return outdated.stream()
                    .anyMatch(each ->
                            each.name().equals(name.name()) && !name.checked().isAfter(each.checked()));
        }

        private static Repository repository(RecordedReference name) {
            return name.name().repository();
        }
    }

    Set<Digest> deletedRecords() {
        return changes.entrySet().stream()
                .filter(record -> record.getValue().remaining().isEmpty())
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
    }

    /** Returns the records that change, each index before the manifests that it lists. */
    List<Digest> parentsFirst() {
        Deque<Digest> order = new ArrayDeque<>();
        Set<Digest> seen = new HashSet<>();
        changes.keySet().forEach(digest -> addWithChildren(digest, seen, order));
        return List.copyOf(order);
    }

    private void addWithChildren(Digest digest, Set<Digest> seen, Deque<Digest> order) {
        Change change = changes.get(digest);
        if (change != null && seen.add(digest)) {
            change.manifest().children().forEach(child -> addWithChildren(child, seen, order));
            order.addFirst(digest);
        }
    }

    /** Returns this plan without the deletion of blobs, because some records cannot be read. */
    PrunePlan withoutBlobs(Set<Digest> unread) {
        List<String> reasons = new ArrayList<>(kept);
        reasons.add("all blobs, because the records of " + unread.size() + " manifests can't be read: "
                + unread.stream().sorted().limit(3).map(Digest::toString).collect(Collectors.joining(", ")));
        return new PrunePlan(
                names, reasons, changes, removed, List.of(), Set.of(), quarantineBlobs, obsoleteRecords, false);
    }
}
