package io.ociregistry.store.manifest;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.ociregistry.common.DurableRename;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.Reference;
import io.ociregistry.store.ManifestRecord;
import io.ociregistry.store.ManifestStore;
import io.ociregistry.store.ManifestStore.RecordChanges;
import io.ociregistry.store.ManifestSummary;
import io.ociregistry.store.QuarantinedRecord;
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
 * The manifest records on disk, with up to 16 MiB of the most used ones in memory. A record in memory counts while its
 * file exists and has the same stamp. Thread-safe.
 */
public final class DiskManifestStore implements ManifestStore {
    private static final Logger LOG = LoggerFactory.getLogger(DiskManifestStore.class);
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
    private final DiskPullTimes pullTimes;
    private final PendingWrites unsaved = new PendingWrites();
    private final WriteFailureLog writeFailures;
    private final List<ReentrantLock> locks =
            IntStream.range(0, LOCKS).mapToObj(i -> new ReentrantLock()).toList();
    private final Cache<Digest, RecordFile> memory = Caffeine.newBuilder()
            .maximumWeight(MEMORY_BYTES)
            .weigher((Digest digest, RecordFile seen) -> seen.record().weight())
            .build();

    public DiskManifestStore(Layout layout, Quarantine quarantine, long maxManifestBytes) {
        this.layout = layout;
        this.quarantine = quarantine;
        this.files = new RecordFiles(layout, quarantine, maxManifestBytes);
        this.lost = new QuarantinedRecords(layout, maxManifestBytes);
        this.index = new RecordIndex(layout, lost);
        this.scan = new RecordScan(files, index);
        this.pullTimes = new DiskPullTimes(layout);
        this.writeFailures = new WriteFailureLog("manifest records in " + layout.root());
    }

    @Override
    public Optional<Manifest> findInMemory(Digest digest) {
        Optional<ManifestRecord> pending = unsaved.find(digest);
        if (pending.isPresent()) {
            return pending.map(ManifestRecord::manifest);
        }
        RecordFile known = memory.getIfPresent(digest);
        return known != null && known.isCurrent() ? Optional.of(known.manifest()) : Optional.empty();
    }

    @Override
    public Optional<Manifest> find(Digest digest) {
        Optional<Manifest> known = findInMemory(digest);
        if (known.isPresent()) {
            return known;
        }
        Optional<RecordFile> found = files.findAny(digest);
        found.ifPresentOrElse(seen -> memory.put(digest, seen), () -> memory.invalidate(digest));
        return found.map(RecordFile::manifest);
    }

    @Override
    public Optional<String> unreadableReason(Reference reference) {
        if (reference instanceof Digest digest) {
            return files.unreadableReason(digest);
        }
        return layout.unreadable().isAnyIn(layout.recordDirectories())
                ? layout.unreadable().summary()
                : Optional.empty();
    }

    @Override
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

    @Override
    public boolean isSaved(Digest digest) {
        return unsaved.find(digest).isEmpty();
    }

    @Override
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

    @Override
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

    @Override
    public void force() throws IOException {
        for (Layout.Kind kind : Layout.Kind.values()) {
            if (Files.isDirectory(layout.record(kind))) {
                DurableRename.forceDirectory(layout.record(kind));
            }
        }
    }

    @Override
    public Set<Digest> digests() throws IOException {
        RecordFiles.Listing listing = files.list();
        if (!listing.isComplete()) {
            throw new IOException("a directory of manifest records can't be read; the log says which one");
        }
        return listing.files().keySet();
    }

    @Override
    public List<QuarantinedRecord> lostRecords() throws IOException {
        return lost.find();
    }

    @Override
    public void forgetLost(Set<Digest> manifests) throws IOException {
        if (!manifests.isEmpty()) {
            lost.forget(manifests);
        }
    }

    @Override
    public long bytes() {
        return files.list().files().values().stream()
                .flatMap(List::stream)
                .mapToLong(Directories::size)
                .sum();
    }

    @Override
    public DiskPullTimes pullTimes() {
        return pullTimes;
    }

    @Override
    public void save() {
        saveRecords();
        pullTimes.save();
        index.saveIfLarge();
    }

    @Override
    public void flushPullTimes(Instant now) {
        for (DiskPullTimes.DuePullTime due : pullTimes.due(PULL_TIMES_AT_ONCE, now)) {
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

    @Override
    public void forEach(Consumer<ManifestRecord> action) {
        files.list().files().values().forEach(all -> Known.of(files.read(all))
                .record()
                .map(pullTimes::applyTo)
                .ifPresent(action));
    }

    @Override
    public boolean mayHaveChanged() {
        return scan.mayHaveChanged();
    }

    @Override
    public void detectChanges(RecordChanges changes) {
        scan.scan((digest, before) -> locked(digest, () -> reportChange(digest, before, changes)), changes);
        layout.unreadable().logChange();
    }

    @Override
    public void detectChanges(Digest digest, RecordChanges changes) {
        locked(digest, () -> {
            boolean isChanged = index.isKnown(digest) && !index.isKnown(digest, files.fileStamp(digest));
            Map<Digest, ManifestSummary> last = isChanged ? index.lastKnown(Set.of(digest)) : Map.of();
            return reportChange(digest, Optional.ofNullable(last.get(digest)), changes);
        });
    }

    @Override
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

    @Override
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
