package io.ociregistry.registry.prune;

import io.ociregistry.common.ByteSize;
import java.util.ArrayList;
import java.util.List;

/**
 * What a pruning did, or would do.
 *
 * @param isDryRun whether nothing was done
 * @param names names that go
 * @param blobs the files that go
 * @param kept why something that was chosen stays
 * @param bytes how many the blobs that go have
 * @param records how many manifests go
 */
public record PruneReport(
        boolean isDryRun, List<Name> names, List<Blob> blobs, List<String> kept, long bytes, long records) {
    /**
     * A name that goes.
     *
     * @param bytes of blobs that only it, and what was told before it, had
     * @param why what it has to do with the choice
     */
    public record Name(String name, long bytes, String why) {
        @Override
        public String toString() {
            return name + "  " + ByteSize.format(bytes) + "  " + why;
        }
    }

    /** A file that goes. */
    public record Blob(String digest, long bytes) {
        @Override
        public String toString() {
            return digest + "  " + ByteSize.format(bytes);
        }
    }

    public PruneReport {
        names = List.copyOf(names);
        blobs = List.copyOf(blobs);
        kept = List.copyOf(kept);
    }

    static PruneReport of(PrunePlan plan, boolean isDryRun) {
        return new PruneReport(
                isDryRun,
                plan.names().stream()
                        .map(name -> new Name(name.name().toString(), name.bytes(), name.why()))
                        .toList(),
                plan.blobs().stream()
                        .map(blob -> new Blob(blob.digest().toString(), blob.size()))
                        .toList(),
                plan.kept(),
                plan.blobBytes(),
                plan.records().values().stream()
                        .filter(change -> change.left().isEmpty())
                        .count());
    }

    /** The same with what turned out to stay. */
    PruneReport and(List<String> alsoKept) {
        List<String> all = new ArrayList<>(kept);
        all.addAll(alsoKept);
        return new PruneReport(isDryRun, names, blobs, all, bytes, records);
    }

    /** All of it for people; a dry run differs in its first line alone. */
    public List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.add(isDryRun ? "To be pruned (dry run, nothing was pruned):" : "Pruned:");
        names.forEach(name -> lines.add(name.toString()));
        if (!blobs.isEmpty()) {
            lines.add("Blobs:");
            blobs.forEach(blob -> lines.add(blob.toString()));
        }
        if (!kept.isEmpty()) {
            lines.add("Kept:");
            lines.addAll(kept);
        }
        lines.add("Total: " + names.size() + " names, " + records + " manifests, " + blobs.size() + " blobs, "
                + ByteSize.format(bytes));
        return lines;
    }
}
