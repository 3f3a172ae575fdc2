package io.ociregistry.store.manifest;

import io.ociregistry.oci.Digest;
import io.ociregistry.store.ManifestStore.RecordChanges;
import io.ociregistry.store.ManifestSummary;
import io.ociregistry.store.manifest.index.RecordIndex;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Finds the records whose files changed, by listing their directories and comparing stamps. One scan at a time. */
final class RecordScan {
    /** A second change of a directory within this time may leave the directory's time unchanged. */
    private static final Duration TIME_RESOLUTION = Duration.ofSeconds(2);

    /** Reads a record that changed. */
    @FunctionalInterface
    interface Reader {
        /**
         * Reads a record if the stamp of its files is not known.
         *
         * @param before the summary before the change, if it is known
         * @return false if there is no valid record
         */
        boolean read(Digest digest, Optional<ManifestSummary> before);
    }

    private final RecordFiles files;
    private final RecordIndex index;
    private volatile List<FileTime> seen = List.of();
    /** True if the next scan is needed even if the directories do not change. */
    private volatile boolean unsettled = true;
    /** Guarded by "this". */
    private boolean isRestored;

    RecordScan(RecordFiles files, RecordIndex index) {
        this.files = files;
        this.index = index;
    }

    boolean mayHaveChanged() {
        return unsettled || !files.directoryTimes().equals(seen);
    }

    /**
     * Passes every record that changed since the last scan to the reader. The first scan reports the records of the
     * snapshot as new and passes all others to the reader.
     */
    synchronized void scan(Reader reader, RecordChanges changes) {
        Instant reliableBefore = Instant.now().minus(TIME_RESOLUTION);
        List<FileTime> times = files.directoryTimes();
        RecordFiles.Listing listing = files.list();
        Map<Digest, Long> fileStamps = listing.fileStamps();
        if (!isRestored) {
            isRestored = true;
            index.restore(fileStamps, changes::added);
        }
        Set<Digest> changed = changed(fileStamps, listing.isComplete());
        Map<Digest, ManifestSummary> before = before(changed);
        boolean incomplete = !listing.isComplete();
        for (Digest digest : changed) {
            boolean isThere = listing.files().containsKey(digest);
            boolean isRead = reader.read(digest, Optional.ofNullable(before.get(digest)));
            // Another program may still be writing it.
            incomplete |= isThere && !isRead;
            index.saveIfLarge();
        }
        seen = times;
        unsettled =
                incomplete || times.stream().anyMatch(time -> time.toInstant().isAfter(reliableBefore));
    }

    private Set<Digest> changed(Map<Digest, Long> fileStamps, boolean isComplete) {
        Set<Digest> changed = new HashSet<>();
        fileStamps.forEach((digest, fileStamp) -> {
            if (!index.isKnown(digest, fileStamp)) {
                changed.add(digest);
            }
        });
        if (isComplete) {
            index.digests().stream()
                    .filter(digest -> !fileStamps.containsKey(digest))
                    .forEach(changed::add);
        }
        return changed;
    }

    private Map<Digest, ManifestSummary> before(Set<Digest> changed) {
        Set<Digest> known = new HashSet<>(changed);
        known.removeIf(digest -> !index.isKnown(digest));
        return known.isEmpty() ? Map.of() : index.lastKnown(known);
    }
}
