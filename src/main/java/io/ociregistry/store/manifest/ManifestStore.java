package io.ociregistry.store.manifest;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.ociregistry.common.DurableRename;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.Reference;
import io.ociregistry.store.ManifestRecord;
import io.ociregistry.store.ManifestSummary;
import io.ociregistry.store.QuarantinedRecord;
import io.ociregistry.store.RecordChanges;
import io.ociregistry.store.RecordedReference;
import io.ociregistry.store.disk.Directories;
import io.ociregistry.store.disk.DurableFiles;
import io.ociregistry.store.disk.Layout;
import io.ociregistry.store.disk.Quarantine;
import io.ociregistry.store.disk.VerifiedIndex;
import io.ociregistry.store.disk.WriteFailureLog;
import io.ociregistry.store.manifest.format.RecordFormat;
import io.ociregistry.store.manifest.format.RecordType;
import io.ociregistry.store.manifest.index.QuarantinedRecords;
import io.ociregistry.store.manifest.index.RecordIndex;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The manifest records on disk, with up to 16 MiB of the most used ones in memory.
 *
 * <p>A record is written atomically before a client sees it. A record that the disk does not take stays in memory and
 * is served from there; {@link #save} retries to write it. Reads take no lock and write no record. The files are
 * authoritative (ADR 4): a record in memory counts while its file exists and has the same stamp. A record with wrong
 * content is quarantined and counts as absent; it does not affect other records. Thread-safe.
 */
public final class ManifestStore {
    private static final Logger LOG = LoggerFactory.getLogger(ManifestStore.class);
    private static final int LOCKS = 64;
    private static final long MEMORY_BYTES = 16L << 20;
    /** Limits how long one call of {@link #flushPullTimes} takes. */
    private static final int PULL_TIMES_AT_ONCE = 500;

    private final Layout layout;
    private final Quarantine quarantine;
    private final RecordFiles files;
    private final QuarantinedRecords lost;
    private final RecordIndex index;
    private final RecordScan scan;
    private final PullTimes pullTimes;
    private final PendingWrites unsaved = new PendingWrites();
    private final WriteFailureLog writeFailures;
    private final List<ReentrantLock> locks =
            IntStream.range(0, LOCKS).mapToObj(i -> new ReentrantLock()).toList();
    private final Cache<Digest, RecordFile> memory = Caffeine.newBuilder()
            .maximumWeight(MEMORY_BYTES)
            .weigher((Digest digest, RecordFile seen) -> seen.record().weight())
            .build();

    public ManifestStore(Layout layout, long maxManifestBytes) {
        this.layout = layout;
        this.quarantine = new Quarantine(layout);
        this.files = new RecordFiles(layout, quarantine, maxManifestBytes);
        this.lost = new QuarantinedRecords(layout, maxManifestBytes);
        this.index = new RecordIndex(layout, lost);
        this.scan = new RecordScan(files, index);
        this.pullTimes = new PullTimes(layout);
        this.writeFailures = new WriteFailureLog("manifest records in " + layout.root());
    }

    /** Returns the manifest of a SHA-256 digest if its record is in memory and current; reads no file. */
    public Optional<Manifest> findInMemory(Digest digest) {
        Optional<ManifestRecord> pending = unsaved.find(digest);
        if (pending.isPresent()) {
            return pending.map(ManifestRecord::manifest);
        }
        RecordFile known = memory.getIfPresent(digest);
        return known != null && known.isCurrent() ? Optional.of(known.manifest()) : Optional.empty();
    }

    /** Returns the manifest of a SHA-256 digest; empty if it has no valid record. */
    public Optional<Manifest> find(Digest digest) {
        Optional<Manifest> known = findInMemory(digest);
        if (known.isPresent()) {
            return known;
        }
        Optional<RecordFile> found = files.findAny(digest);
        found.ifPresentOrElse(seen -> memory.put(digest, seen), () -> memory.invalidate(digest));
        return found.map(RecordFile::manifest);
    }

    /**
     * Returns why this process may not read a record that the reference may mean; empty if no such record is known.
     * Only a record says which manifest a tag means, so a tag may mean every unreadable record.
     */
    public Optional<String> unreadableReason(Reference reference) {
        if (reference instanceof Digest digest) {
            return files.unreadableReason(digest);
        }
        return layout.unreadable().isAnyIn(layout.recordDirectories())
                ? layout.unreadable().summary()
                : Optional.empty();
    }

    /**
     * Records that an upstream gave a manifest under a name. The name is durable when this method returns, unless the
     * disk fails.
     */
    public ManifestRecord confirm(Manifest manifest, ImageReference name, Instant now) {
        return confirm(manifest, name, now, record -> {});
    }

    /**
     * Records that an upstream gave a manifest under a name.
     *
     * @param then gets the record while it is locked against other changes
     */
    public ManifestRecord confirm(Manifest manifest, ImageReference name, Instant now, Consumer<ManifestRecord> then) {
        return locked(manifest.digest(), () -> {
            Known known = known(manifest.digest());
            ManifestRecord record = known.record()
                    .orElseGet(() -> new ManifestRecord(manifest, List.of()))
                    .withConfirmed(name, now);
            writeOrKeepPending(record, known.files());
            // A file that this process may not read may contain more names; it is indexed once it is readable.
            if (!index.isKnown(manifest.digest())
                    && files.unreadableReason(manifest.digest()).isEmpty()) {
                index.put(
                        ManifestSummary.of(record),
                        files.fileStamp(record.manifest().digest()));
            }
            then.accept(record);
            return record;
        });
    }

    /** Returns true if the record of a manifest is on disk with all its names. */
    public boolean isSaved(Digest digest) {
        return unsaved.find(digest).isEmpty();
    }

    /**
     * Removes a name from a record, because the upstream says that the manifest no longer has it.
     *
     * @param then runs while the record is locked against other changes
     */
    public void removeName(Digest digest, ImageReference name, Runnable then) {
        locked(digest, () -> {
            change(digest, record -> record.without(name));
            then.run();
            return digest;
        });
    }

    /** Rewrites a record that exists, if it changes. Caller holds its lock. */
    private void change(Digest digest, UnaryOperator<ManifestRecord> change) {
        Known known = known(digest);
        known.record().ifPresent(record -> {
            ManifestRecord changed = change.apply(record);
            if (!changed.equals(record)) {
                writeOrKeepPending(changed, known.files());
            }
        });
    }

    /** Decides which names of a record are removed. Its methods run while the record is locked. */
    public interface Removal {
        /** Returns the names that stay: all if the record is not to change, none if it is to be deleted. */
        List<RecordedReference> remaining(ManifestRecord record);

        /** Called after the record was changed or deleted. */
        void removed(ManifestRecord before, List<RecordedReference> left);
    }

    /**
     * Removes names of a record, or deletes the record. The change is durable after {@link #force}. If a file of the
     * record is also in quarantine, the record counts as lost after its deletion; {@link #forgetLost} prevents that.
     *
     * @return false if the record did not change
     * @throws IOException if the disk fails; if a rewrite fails, the record is unchanged
     */
    public boolean remove(Digest digest, Removal removal) throws IOException {
        ReentrantLock lock = lock(digest);
        lock.lock();
        try {
            Known known = known(digest);
            if (known.record().isEmpty()) {
                return false;
            }
            ManifestRecord before = pullTimes.applyTo(known.record().get());
            List<RecordedReference> left = removal.remaining(before);
            if (left.equals(before.references())) {
                return false;
            }
            if (left.isEmpty()) {
                delete(digest, known.files());
            } else {
                writeAndIndex(new ManifestRecord(before.manifest(), left), known.files());
            }
            removal.removed(before, left);
            return true;
        } finally {
            lock.unlock();
        }
    }

    private void delete(Digest digest, List<RecordFile> recordFiles) throws IOException {
        for (RecordFile file : recordFiles) {
            Files.deleteIfExists(file.file());
        }
        memory.invalidate(digest);
        unsaved.remove(digest);
        index.remove(digest);
    }

    /** Forces removals to disk. */
    public void force() throws IOException {
        for (Layout.Kind kind : Layout.Kind.values()) {
            if (Files.isDirectory(layout.record(kind))) {
                DurableRename.forceDirectory(layout.record(kind));
            }
        }
    }

    /**
     * Returns the digests of all record files, valid or not.
     *
     * @throws IOException if a directory of records can't be listed
     */
    public Set<Digest> digests() throws IOException {
        RecordFiles.Listing listing = files.list();
        if (!listing.isComplete()) {
            throw new IOException("a directory of manifest records can't be read; the log says which one");
        }
        return listing.files().keySet();
    }

    /**
     * Returns the lost records: those that exist only in quarantine (ADR 28).
     *
     * @throws IOException if the quarantine can't be listed, or if the only file that may name the blobs can't be read
     */
    public List<QuarantinedRecord> lostRecords() throws IOException {
        return lost.find();
    }

    /**
     * Deletes the records of the given manifests from the quarantine, so that they no longer count as lost.
     *
     * @throws IOException if the quarantine can't be listed
     */
    public void forgetLost(Set<Digest> manifests) throws IOException {
        if (!manifests.isEmpty()) {
            lost.forget(manifests);
        }
    }

    /** Returns the bytes of all record files. */
    public long bytes() {
        return files.list().files().values().stream()
                .flatMap(List::stream)
                .mapToLong(Directories::size)
                .sum();
    }

    /** Returns the pull times that are not in the records yet. */
    public PullTimes pullTimes() {
        return pullTimes;
    }

    /** Retries to write records that the disk did not take, and writes new pull times and a large unsaved index. */
    public void save() {
        saveRecords();
        pullTimes.save();
        index.saveIfLarge();
    }

    /** Writes pull times that were first noted a day ago or earlier into their records, at most 500 in one call. */
    public void flushPullTimes(Instant now) {
        for (PullTimes.DuePullTime due : pullTimes.due(PULL_TIMES_AT_ONCE, now)) {
            locked(due.digest(), () -> {
                change(due.digest(), pullTimes::applyTo);
                return due;
            });
            pullTimes.written(due);
        }
    }

    private void saveRecords() {
        for (Digest digest : unsaved.digests()) {
            locked(digest, () -> {
                unsaved.find(digest).ifPresent(record -> savePending(digest, record));
                return digest;
            });
            if (unsaved.find(digest).isPresent()) {
                return;
            }
        }
    }

    /** Retries to write a record, merged with its files if they could not be read before. Caller holds its lock. */
    private void savePending(Digest digest, ManifestRecord record) {
        Known onDisk = index.isKnown(digest) ? Known.of(List.of()) : Known.of(files.findAll(digest));
        writeOrKeepPending(onDisk.record().map(record::mergedWith).orElse(record), onDisk.files());
    }

    /** Reads every record, with its pull times. Corrupt records are quarantined. */
    public void forEach(Consumer<ManifestRecord> action) {
        files.list().files().values().forEach(all -> Known.of(files.read(all))
                .record()
                .map(pullTimes::applyTo)
                .ifPresent(action));
    }

    /** Returns false if the directories of the records did not change since the last scan; reads only their times. */
    public boolean mayHaveChanged() {
        return scan.mayHaveChanged();
    }

    /**
     * Reports the changes that other programs made to the records since the last scan. Corrupt records are quarantined.
     * The first scan reports every record.
     */
    public void detectChanges(RecordChanges changes) {
        scan.scan((digest, before) -> locked(digest, () -> reportChange(digest, before, changes)), changes);
        layout.unreadable().logChange();
    }

    /** Reports the change that another program made to the record of one SHA-256 digest. */
    public void detectChanges(Digest digest, RecordChanges changes) {
        locked(digest, () -> {
            boolean isChanged = index.isKnown(digest) && !index.isKnown(digest, files.fileStamp(digest));
            Map<Digest, ManifestSummary> last = isChanged ? index.lastKnown(Set.of(digest)) : Map.of();
            return reportChange(digest, Optional.ofNullable(last.get(digest)), changes);
        });
    }

    /** Writes the snapshot of the index, with which the first scan after a start is fast. A failure is only logged. */
    public void saveIndex() {
        index.save();
    }

    /**
     * Reads a record again and reports its change. Caller holds the lock of the digest.
     *
     * @param last the summary before the change, if the snapshot has it
     * @return false if there is no valid record
     */
    private boolean reportChange(Digest digest, Optional<ManifestSummary> last, RecordChanges changes) {
        long fileStamp = files.fileStamp(digest);
        if (index.isKnown(digest, fileStamp) || unsaved.find(digest).isPresent()) {
            // This process wrote the record in the meantime.
            return true;
        }
        Optional<ManifestSummary> before = index.unsaved(digest).or(() -> last);
        Optional<ManifestRecord> now = Known.of(files.findAll(digest)).record();
        now.map(ManifestSummary::of)
                .ifPresentOrElse(
                        summary -> {
                            index.put(summary, fileStamp);
                            before.ifPresentOrElse(
                                    known -> changes.changed(known, summary), () -> changes.added(summary));
                        },
                        () -> {
                            before.ifPresentOrElse(index::removeLost, () -> index.remove(digest));
                            before.ifPresent(changes::removed);
                        });
        return now.isPresent();
    }

    private <T> T locked(Digest digest, Supplier<T> work) {
        ReentrantLock lock = lock(digest);
        lock.lock();
        try {
            return work.get();
        } finally {
            lock.unlock();
        }
    }

    private ReentrantLock lock(Digest digest) {
        return locks.get(Math.floorMod(digest.hashCode(), LOCKS));
    }

    /**
     * Writes a record, or keeps it in memory as a pending write if that fails. Caller holds its lock.
     *
     * @param merged the files whose content the record includes
     */
    private void writeOrKeepPending(ManifestRecord record, List<RecordFile> merged) {
        if (!layout.isWritable()) {
            unsaved.put(record);
            return;
        }
        try {
            writeAndIndex(record, merged);
            if (unsaved.isEmpty()) {
                writeFailures.recovered();
            }
        } catch (IOException e) {
            unsaved.put(record);
            if (files.unreadableReason(record.manifest().digest()).isPresent()) {
                index.remove(record.manifest().digest());
            }
            writeFailures.failed(e);
        }
    }

    private void writeAndIndex(ManifestRecord record, List<RecordFile> merged) throws IOException {
        Digest digest = record.manifest().digest();
        RecordFile written = write(record);
        memory.put(digest, written);
        unsaved.remove(digest);
        deleteOthers(merged, written);
        // A record that no scan has reported yet is not indexed, so that the next scan reports it.
        if (index.isKnown(digest)) {
            index.put(ManifestSummary.of(record), files.fileStamp(digest));
        }
    }

    private RecordFile write(ManifestRecord record) throws IOException {
        Path file = files.targetPath(
                record.manifest().digest(), RecordType.of(record.manifest().mediaType()).kind);
        layout.ensureDirectory(Objects.requireNonNull(file.getParent()));
        quarantine.clearPath(file);
        DurableFiles.write(layout, file, RecordFormat.write(record));
        return new RecordFile(record, file, VerifiedIndex.fileStamp(file));
    }

    /** Returns the record of the manifest of a SHA-256 digest: a pending write, otherwise always from the disk. */
    public Optional<ManifestRecord> record(Digest digest) {
        return known(digest).record();
    }

    /** Deletes the other files of a record after a merge; otherwise they would restore names that are removed later. */
    private static void deleteOthers(List<RecordFile> merged, RecordFile written) {
        for (RecordFile other : merged) {
            if (other.file().equals(written.file()) || !other.isCurrent()) {
                continue;
            }
            try {
                Files.deleteIfExists(other.file());
            } catch (IOException e) {
                LOG.warn("deleting {}, which {} replaces, failed: {}", other.file(), written.file(), e.toString());
            }
        }
    }

    /** Reads a record. A caller that changes it holds its lock. */
    private Known known(Digest digest) {
        Known onDisk = Known.of(files.findAll(digest));
        Optional<ManifestRecord> pending = unsaved.find(digest);
        return pending.isPresent() ? new Known(pending, onDisk.files()) : onDisk;
    }

    /** A record that was merged from all its files, and these files. */
    private record Known(Optional<ManifestRecord> record, List<RecordFile> files) {
        static Known of(List<RecordFile> files) {
            return new Known(files.stream().map(RecordFile::record).reduce(ManifestRecord::mergedWith), files);
        }
    }
}
