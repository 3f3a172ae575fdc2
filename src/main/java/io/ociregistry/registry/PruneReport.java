package io.ociregistry.registry;

import io.ociregistry.config.ByteSize;
import io.ociregistry.store.BlobFile;
import java.util.ArrayList;
import java.util.List;

/**
 * What a pruning did, or would do.
 *
 * @param isDryRun whether nothing was done
 * @param names names that go, one a line, each with why and how many bytes only it and those before it had
 * @param blobs the files that go, one a line
 * @param kept why something that was chosen stays
 * @param bytes how many the blobs that go have
 * @param records how many manifests go
 */
public record PruneReport(
        boolean isDryRun, List<String> names, List<String> blobs, List<String> kept, long bytes, long records) {
    public PruneReport {
        names = List.copyOf(names);
        blobs = List.copyOf(blobs);
        kept = List.copyOf(kept);
    }

    static PruneReport of(PrunePlan plan, boolean isDryRun) {
        List<String> names = plan.names().stream()
                .map(name -> name.name() + "  " + ByteSize.format(name.bytes()) + "  " + name.why())
                .toList();
        return new PruneReport(
                isDryRun,
                names,
                plan.blobs().stream().map(PruneReport::line).toList(),
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

    private static String line(BlobFile blob) {
        return blob.digest() + "  " + ByteSize.format(blob.size());
    }

    /** All of it for people; a dry run differs in its first line alone. */
    public List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.add(isDryRun ? "To be pruned (dry run, nothing was changed):" : "Pruned:");
        lines.addAll(names);
        if (!blobs.isEmpty()) {
            lines.add("Blobs:");
            lines.addAll(blobs);
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
