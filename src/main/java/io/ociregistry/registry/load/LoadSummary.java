package io.ociregistry.registry.load;

import io.ociregistry.registry.load.LoadOutcome.Failed;
import java.time.Duration;
import java.util.List;

/**
 * How a load went.
 *
 * @param loaded how many images are here now that were not before
 * @param alreadyThere how many were here before
 * @param failed those that are not
 * @param notes what one has to know though it did not fail, a sentence each
 * @param bytes what was fetched, manifests not counted
 */
public record LoadSummary(
        int loaded, int alreadyThere, List<Failed> failed, List<String> notes, long bytes, Duration took) {
    public LoadSummary {
        failed = List.copyOf(failed);
        notes = List.copyOf(notes);
    }

    public boolean isComplete() {
        return failed.isEmpty();
    }
}
