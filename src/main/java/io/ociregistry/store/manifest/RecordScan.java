package io.ociregistry.store.manifest;

import io.ociregistry.oci.Digest;
import io.ociregistry.store.ManifestSummary;
import io.ociregistry.store.RecordChanges;
import io.ociregistry.store.manifest.index.RecordIndex;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Finds the records whose files changed, by listing the directories alone. One look at a time. */
final class RecordScan {
    /** What is written so soon after a directory was changed may not change its time again. */
    private static final Duration GRAIN = Duration.ofSeconds(2);

    /** Reads a record. */
    @FunctionalInterface
    interface Reader {
        /**
         * Reads it if it does not look as it is known.
         *
         * @param before what it said, as far as that is known
         * @return false if there is none that can be read
         */
        boolean read(Digest digest, Optional<ManifestSummary> before);
    }

    private final RecordFiles files;
    private final RecordIndex index;
    private volatile List<FileTime> seen = List.of();
    /** Whether to look again even if the directories did not change. */
    private volatile boolean unsettled = true;
    /** Guarded by "this". */
    private boolean isRestored;

    RecordScan(RecordFiles files, RecordIndex index) {
        this.files = files;
        this.index = index;
    }

    /** See {@link ManifestStore#mayHaveChanged}. */
    boolean mayHaveChanged() {
        return unsettled || !files.directoryTimes().equals(seen);
    }

    /** Has everything read that changed since the last look, or for the first time what the snapshot does not tell. */
    synchronized void look(Reader reader, RecordChanges changes) {
        Instant longAgo = Instant.now().minus(GRAIN);
        List<FileTime> times = files.directoryTimes();
        RecordFiles.Listing listing = files.list();
        Map<Digest, Long> looks = listing.looks();
        if (!isRestored) {
            isRestored = true;
            index.restore(looks, changes::came);
        }
        Set<Digest> changed = changed(looks, listing.isComplete());
        Map<Digest, ManifestSummary> before = before(changed);
        boolean incomplete = !listing.isComplete();
        for (Digest digest : changed) {
            boolean isThere = listing.files().containsKey(digest);
            boolean isRead = reader.read(digest, Optional.ofNullable(before.get(digest)));
            // It may be on its way.
            incomplete |= isThere && !isRead;
            index.saveIfMuch();
        }
        seen = times;
        unsettled =
                incomplete || times.stream().anyMatch(time -> time.toInstant().isAfter(longAgo));
    }

    private Set<Digest> changed(Map<Digest, Long> looks, boolean isComplete) {
        Set<Digest> changed = new HashSet<>();
        looks.forEach((digest, look) -> {
            if (!index.isKnown(digest, look)) {
                changed.add(digest);
            }
        });
        if (isComplete) {
            index.known().stream().filter(digest -> !looks.containsKey(digest)).forEach(changed::add);
        }
        return changed;
    }

    private Map<Digest, ManifestSummary> before(Set<Digest> changed) {
        Set<Digest> known = new HashSet<>(changed);
        known.removeIf(digest -> !index.isKnown(digest));
        return known.isEmpty() ? Map.of() : index.lastKnown(known);
    }
}
