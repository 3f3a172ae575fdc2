package io.ociregistry.registry.prune;

import io.ociregistry.common.ByteSize;
import io.ociregistry.store.BlobStore.BlobFile;
import java.util.ArrayList;
import java.util.List;

/**
 * The result of a prune, or the plan of a dry run. The admin API sends its components as JSON.
 *
 * @param isDryRun whether nothing was changed
 * @param names the removed names
 * @param blobs the deleted files
 * @param kept for each selected image that stays, the reason
 * @param bytes the size of the deleted blobs
 * @param records the number of deleted manifests
 */
public record PruneReport(
        boolean isDryRun, List<Name> names, List<Blob> blobs, List<String> kept, long bytes, long records) {
    /**
     * A removed name.
     *
     * @param bytes of blobs that only this name, and names before it in the report, needed
     * @param why how the request selected it
     */
    public record Name(String name, long bytes, String why) {
        @Override
        public String toString() {
            return name + "  " + ByteSize.format(bytes) + "  " + why;
        }
    }

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
                plan.names(),
                plan.blobs().stream()
                        .map(blob -> new Blob(blob.digest().toString(), blob.size()))
                        .toList(),
                plan.kept(),
                plan.blobs().stream().mapToLong(BlobFile::size).sum(),
                plan.deletedRecords().size());
    }

    PruneReport withKept(List<String> alsoKept) {
        List<String> all = new ArrayList<>(kept);
        all.addAll(alsoKept);
        return new PruneReport(isDryRun, names, blobs, all, bytes, records);
    }

    /** Returns the report as lines of text. A dry run and the real run differ in the first line only. */
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
