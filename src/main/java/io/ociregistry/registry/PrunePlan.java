package io.ociregistry.registry;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.store.BlobFile;
import io.ociregistry.store.RecordedReference;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
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

    /** What a record said when this was decided, what it is to say, and what its manifest lists. */
    record Change(List<RecordedReference> before, List<RecordedReference> left, List<Digest> children) {}

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
            change.children().forEach(child -> place(child, seen, order));
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
