package io.ociregistry.registry.prune;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Repository;
import io.ociregistry.store.BlobFile;
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
 * Everything that one pruning does, decided before anything is done, so that a dry run tells exactly that.
 *
 * @param names the names that go, in the order in which they are told
 * @param kept why something that was chosen stays
 * @param records what is left of the names of each record that changes; nothing means that it goes
 * @param gone what goes as one repository has it, by digest
 * @param blobs the files that nothing reaches then
 * @param unreached blobs that only such records name as go, be they here or not
 * @param spared blobs that records in quarantine name that stay there
 * @param forgotten manifests whose records are in quarantine and nobody misses then
 * @param isComplete whether all records could be read
 */
record PrunePlan(
        List<Name> names,
        List<String> kept,
        Map<Digest, Change> records,
        Set<ImageReference> gone,
        List<BlobFile> blobs,
        Set<Digest> unreached,
        Set<Digest> spared,
        Set<Digest> forgotten,
        boolean isComplete) {
    /**
     * A name that goes.
     *
     * @param why what it has to do with the choice
     * @param bytes of blobs that only it, and what was told before it, had
     */
    record Name(ImageReference name, String why, long bytes) {}

    /**
     * A record that changes.
     *
     * @param manifest its summary
     * @param before its names when this was decided
     * @param outdated its tags that go and mean a newer manifest
     * @param left the names that stay
     */
    record Change(
            ManifestSummary manifest,
            List<RecordedReference> before,
            List<RecordedReference> outdated,
            List<RecordedReference> left) {
        /**
         * Names of the record without the outdated ones; a tag that was confirmed since is not outdated. A repository
         * that has no other name keeps the manifest by its digest.
         */
        List<RecordedReference> current(List<RecordedReference> names) {
            List<RecordedReference> current = new ArrayList<>();
            Map<Repository, RecordedReference> bare = new LinkedHashMap<>();
            for (RecordedReference name : names) {
                if (isOutdated(name)) {
                    bare.putIfAbsent(repository(name), name);
                } else {
                    current.add(name);
                }
            }
            current.forEach(name -> bare.remove(repository(name)));
            bare.forEach((repository, name) -> current.add(new RecordedReference(
                    new ImageReference(repository, manifest.digest()), name.created(), name.pulled(), name.checked())));
            return current;
        }

        /** True if the record says what it said, whether the outdated names were taken from it or not. */
        boolean isOf(List<RecordedReference> names) {
            // As sets: of a record in several files the order is none.
            return Set.copyOf(current(names)).equals(Set.copyOf(current(before)));
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

    /** The manifests whose records go. */
    Set<Digest> goingRecords() {
        return records.entrySet().stream()
                .filter(record -> record.getValue().left().isEmpty())
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
    }

    /** The records that change, each before what it lists. */
    List<Digest> listersFirst() {
        Deque<Digest> order = new ArrayDeque<>();
        Set<Digest> seen = new HashSet<>();
        records.keySet().forEach(digest -> place(digest, seen, order));
        return List.copyOf(order);
    }

    private void place(Digest digest, Set<Digest> seen, Deque<Digest> order) {
        Change change = records.get(digest);
        if (change != null && seen.add(digest)) {
            change.manifest().children().forEach(child -> place(child, seen, order));
            order.addFirst(digest);
        }
    }

    /** The same, but no blob goes, since there are records that can't be read. */
    PrunePlan without(Set<Digest> unread) {
        List<String> more = new ArrayList<>(kept);
        more.add("all blobs, since the records of " + unread.size() + " manifests can't be read: "
                + unread.stream().sorted().limit(3).map(Digest::toString).collect(Collectors.joining(", ")));
        return new PrunePlan(names, more, records, gone, List.of(), Set.of(), spared, forgotten, false);
    }

    long blobBytes() {
        return blobs.stream().mapToLong(BlobFile::size).sum();
    }
}
