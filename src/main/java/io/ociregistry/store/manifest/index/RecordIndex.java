package io.ociregistry.store.manifest.index;

import io.ociregistry.oci.Digest;
import io.ociregistry.store.ManifestSummary;
import io.ociregistry.store.disk.Layout;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file stamps of all records, so that a scan reads only records that changed.
 *
 * <p>The summaries of the records are mostly in the {@link IndexSnapshot} only; memory holds those that are not saved
 * yet. Thread-safe. Callers of methods that change the entry of a record hold the lock of that record.
 */
public final class RecordIndex {
    private static final Logger LOG = LoggerFactory.getLogger(RecordIndex.class);
    /** Number of unsaved summaries from which on they are appended to the snapshot. */
    private static final int MAX_UNSAVED = 500;
    /** The stamp of a record without files. */
    private static final long NO_FILES = 0;

    private final Layout layout;
    private final IndexSnapshot snapshot;
    private final QuarantinedRecords lost;
    private final FileStamps fileStamps = new FileStamps();
    /** Summaries that are not in the snapshot yet. */
    private final Map<Digest, ManifestSummary> unsaved = new ConcurrentHashMap<>();

    public RecordIndex(Layout layout, QuarantinedRecords lost) {
        this.layout = layout;
        this.lost = lost;
        this.snapshot = new IndexSnapshot(layout);
    }

    /** Returns true if the files of a record had this stamp when it was last read or written. */
    public boolean isKnown(Digest digest, long fileStamp) {
        return fileStamps.get(digest).equals(OptionalLong.of(fileStamp));
    }

    public boolean isKnown(Digest digest) {
        return fileStamps.get(digest).isPresent();
    }

    /** Returns the digests of all known records. */
    public Set<Digest> digests() {
        return fileStamps.digests();
    }

    /** Adds or replaces a record that was read or written. */
    public void put(ManifestSummary summary, long fileStamp) {
        fileStamps.put(summary.digest(), fileStamp);
        unsaved.put(summary.digest(), summary);
    }

    /** Removes a record whose files were deleted. */
    public void remove(Digest digest) {
        fileStamps.remove(digest);
        unsaved.remove(digest);
    }

    /**
     * Removes a record that may be in quarantine, and keeps its summary in the snapshot, from which
     * {@link QuarantinedRecords} reads which blobs it named.
     */
    public void removeLost(ManifestSummary before) {
        boolean isUnsaved = unsaved.containsKey(before.digest()) && layout.isWritable();
        remove(before.digest());
        if (isUnsaved) {
            appendLost(before);
        }
    }

    private synchronized void appendLost(ManifestSummary before) {
        try {
            snapshot.append(List.of(new SummaryLine(NO_FILES, before)));
        } catch (IOException e) {
            LOG.debug("writing the snapshot of the index failed: {}", e.toString());
        }
    }

    /**
     * Adds the records of the snapshot whose files have not changed.
     *
     * @param current the current file stamps
     * @param action gets the summary of each added record
     */
    public synchronized void restore(Map<Digest, Long> current, Consumer<ManifestSummary> action) {
        snapshot.forEach(current.size(), line -> {
            Digest digest = line.summary().digest();
            Long fileStamp = current.get(digest);
            if (fileStamp != null && fileStamp == line.fileStamp() && !isKnown(digest)) {
                fileStamps.put(digest, line.fileStamp());
                action.accept(line.summary());
            }
        });
    }

    /** Returns the summary of a record if it is not in the snapshot yet. */
    public Optional<ManifestSummary> unsaved(Digest digest) {
        return Optional.ofNullable(unsaved.get(digest));
    }

    /** Returns the last summaries of the given records, from memory and the snapshot. */
    public synchronized Map<Digest, ManifestSummary> lastKnown(Set<Digest> digests) {
        Map<Digest, ManifestSummary> found = new HashMap<>();
        if (!unsaved.keySet().containsAll(digests)) {
            snapshot.forEach(fileStamps.size(), line -> {
                if (digests.contains(line.summary().digest())
                        && isKnown(line.summary().digest(), line.fileStamp())) {
                    found.put(line.summary().digest(), line.summary());
                }
            });
        }
        digests.forEach(digest -> unsaved(digest).ifPresent(known -> found.put(digest, known)));
        return found;
    }

    /** Appends the unsaved summaries to the snapshot if there are 500 or more. */
    public void saveIfLarge() {
        if (unsaved.size() >= MAX_UNSAVED) {
            save();
        }
    }

    /** Appends the unsaved summaries to the snapshot, and compacts it if most lines are outdated. */
    public synchronized void save() {
        if (unsaved.isEmpty() || !layout.isWritable()) {
            return;
        }
        Map<Digest, ManifestSummary> saved = Map.copyOf(unsaved);
        List<SummaryLine> lines = new ArrayList<>();
        saved.forEach((digest, summary) -> {
            fileStamps.get(digest).ifPresent(fileStamp -> lines.add(new SummaryLine(fileStamp, summary)));
        });
        try {
            snapshot.append(lines);
            saved.forEach(unsaved::remove);
            if (snapshot.isOutdated(fileStamps.size())) {
                Set<Digest> quarantined = lost.digests();
                snapshot.compact(
                        fileStamps.size(),
                        line -> isKnown(line.summary().digest(), line.fileStamp())
                                || quarantined.contains(line.summary().digest()));
            }
        } catch (IOException | UncheckedIOException e) {
            LOG.debug("writing the snapshot of the index failed: {}", e.toString());
        }
    }
}
