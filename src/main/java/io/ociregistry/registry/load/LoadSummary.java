package io.ociregistry.registry.load;

import io.ociregistry.registry.load.LoadOutcome.Failed;
import java.time.Duration;
import java.util.List;

/**
 * The result of a load.
 *
 * @param loaded the number of images that were loaded
 * @param alreadyCached the number of images that were cached already
 * @param failed the images that are missing or incomplete
 * @param notes notes for the operator about loaded images, one sentence each
 * @param bytes the bytes of all blobs that were received, without those that an earlier load left
 */
public record LoadSummary(
        int loaded, int alreadyCached, List<Failed> failed, List<String> notes, long bytes, Duration took) {
    public LoadSummary {
        failed = List.copyOf(failed);
        notes = List.copyOf(notes);
    }

    public boolean isComplete() {
        return failed.isEmpty();
    }
}
