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
 * Manifest records on disk, and the most used manifests in memory.
 *
 * <p>A record is written whole before anybody is told of it. One that the disk does not take is kept in memory and served from there all the
 * same; {@link #save} tries again to write it. Reading takes no lock and writes nothing. The disk is the truth: what is in memory counts as
 * long as its file is there and looks as it did. A record that can't be read, or whose bytes are not what its name says, is quarantined and
 * counts as absent; it never hides its neighbours.
 */
public final class ManifestStore {
    private static final Logger LOG = LoggerFactory.getLogger(ManifestStore.class);
    private static final int LOCKS = 64;
    private static final long MEMORY_BYTES = 16L << 20;
    /** So that nothing else waits long for it. */
    private static final int FOLDED_AT_ONCE = 500;

    private final Layout layout;
    private final Quarantine quarantine;
    private final RecordFiles files;
    private final QuarantinedRecords lost;
    private final RecordIndex index;
    private final RecordScan scan;
    private final PullTimes pulls;
    private final PendingWrites unsaved = new PendingWrites();
    private final WriteFailureLog outage;
    private final List<ReentrantLock> locks =
            IntStream.range(0, LOCKS).mapToObj(i -> new ReentrantLock()).toList();
    private final Cache<Digest, RecordFile> memory = Caffeine.newBuilder()
            .maximumWeight(MEMORY_BYTES)
            .weigher((Digest digest, RecordFile seen) -> seen.record().weight())
            .build();

    /** The records of a layout. */
    public ManifestStore(Layout layout, long maxManifestBytes) {
        this.layout = layout;
        this.quarantine = new Quarantine(layout);
        this.files = new RecordFiles(layout, quarantine, maxManifestBytes);
        this.lost = new QuarantinedRecords(layout, maxManifestBytes);
        this.index = new RecordIndex(layout, lost);
        this.scan = new RecordScan(files, index);
        this.pulls = new PullTimes(layout);
        this.outage = new WriteFailureLog("manifest records in " + layout.root());
    }

    /** The manifest of that SHA-256 digest; empty if there is none, or none that can be trusted. */
    public Optional<Manifest> find(Digest digest) {
        Optional<ManifestRecord> waiting = unsaved.find(digest);
        if (waiting.isPresent()) {
            return waiting.map(ManifestRecord::manifest);
        }
        RecordFile known = memory.getIfPresent(digest);
        if (known != null && known.isStillThere()) {
            return Optional.of(known.manifest());
        }
        Optional<RecordFile> found = files.any(digest);
        found.ifPresentOrElse(seen -> memory.put(digest, seen), () -> memory.invalidate(digest));
        return found.map(RecordFile::manifest);
    }

    /**
     * Why what this means may be here and can't be read; empty if nothing is known to be unreadable that it can mean.
     * What a tag means is told by its record alone.
     */
    public Optional<String> unreadable(Reference reference) {
        if (reference instanceof Digest digest) {
            return files.unreadable(digest);
        }
        return layout.unreadable().isAnyIn(layout.records())
                ? layout.unreadable().summary()
                : Optional.empty();
    }

    /** Writes down that an upstream gave this manifest under this name. The name is durable when this returns, if the disk allows it. */
    public ManifestRecord confirm(Manifest manifest, ImageReference name, Instant now) {
        return confirm(manifest, name, now, record -> {});
    }

    /** The same, and tells of it before anybody else can change the record. */
    public ManifestRecord confirm(Manifest manifest, ImageReference name, Instant now, Consumer<ManifestRecord> then) {
        return locked(manifest.digest(), () -> {
            Known known = known(manifest.digest());
            ManifestRecord record = known.record()
                    .orElseGet(() -> new ManifestRecord(manifest, List.of()))
                    .confirmed(name, now);
            keep(record, known.files());
            // What is there unread says more than this; it is read once that can be.
            if (!index.isKnown(manifest.digest())
                    && files.unreadable(manifest.digest()).isEmpty()) {
                index.put(
                        ManifestSummary.of(record), files.look(record.manifest().digest()));
            }
            then.accept(record);
            return record;
        });
    }

    /** True if the disk has taken all that is known of a manifest. */
    public boolean isSaved(Digest digest) {
        return unsaved.find(digest).isEmpty();
    }

    /** Writes down that a manifest has not that name any more, as its upstream says, and tells of it before anybody else can change the record. */
    public void drop(Digest digest, ImageReference name, Runnable then) {
        locked(digest, () -> {
            change(digest, record -> record.without(name));
            then.run();
            return digest;
        });
    }

    /** Writes a record that exists anew, if it changes. Caller holds its lock. */
    private void change(Digest digest, UnaryOperator<ManifestRecord> change) {
        Known known = known(digest);
        known.record().ifPresent(record -> {
            ManifestRecord changed = change.apply(record);
            if (!changed.equals(record)) {
                keep(changed, known.files());
            }
        });
    }

    /** What may be left of the names of a record, and who is to know. */
    public interface Removal {
        /** The names that it keeps, all it has if it is to stay as it is; without any it goes. */
        List<RecordedReference> left(ManifestRecord record);

        /** It was done, and nobody else can have changed the record since. */
        void done(ManifestRecord before, List<RecordedReference> left);
    }

    /**
     * Takes names from a record, or the record away. That is durable after {@link #force}. What is in quarantine of a manifest is missed once its
     * record is gone, unless {@link #forgetLost} was told before.
     *
     * @return false if it stays as it is
     * @throws IOException if the disk does not allow it; nothing was changed then
     */
    public boolean remove(Digest digest, Removal removal) throws IOException {
        ReentrantLock lock = lock(digest);
        lock.lock();
        try {
            Known known = known(digest);
            if (known.record().isEmpty()) {
                return false;
            }
            ManifestRecord before = pulls.applied(known.record().get());
            List<RecordedReference> left = removal.left(before);
            if (left.equals(before.references())) {
                return false;
            }
            if (left.isEmpty()) {
                delete(digest, known.files());
            } else {
                written(new ManifestRecord(before.manifest(), left), known.files());
            }
            removal.done(before, left);
            return true;
        } finally {
            lock.unlock();
        }
    }

    private void delete(Digest digest, List<RecordFile> read) throws IOException {
        for (RecordFile file : read) {
            Files.deleteIfExists(file.file());
        }
        memory.invalidate(digest);
        unsaved.remove(digest);
        index.remove(digest);
    }

    /** Forces what was removed. */
    public void force() throws IOException {
        for (Layout.Kind kind : Layout.Kind.values()) {
            if (Files.isDirectory(layout.record(kind))) {
                DurableRename.forceDirectory(layout.record(kind));
            }
        }
    }

    /**
     * The digests that there are record files of, whether they can be read or not.
     *
     * @throws IOException if the disk does not tell all of them
     */
    public Set<Digest> digests() throws IOException {
        RecordFiles.Listing listing = files.list();
        if (!listing.isComplete()) {
            throw new IOException("a directory of manifest records can't be read; the log tells which");
        }
        return listing.files().keySet();
    }

    /**
     * The records that are in quarantine and nowhere else.
     *
     * @throws IOException if the disk does not tell all of that
     */
    public List<QuarantinedRecord> lost() throws IOException {
        return lost.find();
    }

    /**
     * Does not miss the records of these manifests any more.
     *
     * @throws IOException if the disk does not tell where they are
     */
    public void forgetLost(Set<Digest> manifests) throws IOException {
        if (!manifests.isEmpty()) {
            lost.forget(manifests);
        }
    }

    /** Bytes of all record files. */
    public long bytes() {
        return files.list().files().values().stream()
                .flatMap(List::stream)
                .mapToLong(Directories::size)
                .sum();
    }

    /** When clients got manifests last, which no record tells before it is folded in. */
    public PullTimes pulls() {
        return pulls;
    }

    /** Writes what there is to write: what the disk did not take before, and when clients got manifests. */
    public void save() {
        saveRecords();
        pulls.save();
        index.saveIfMuch();
    }

    /** Writes times of pulls that were noted a day ago or earlier into their records, some at a time. */
    public void foldPulls(Instant now) {
        for (PullTimes.Folding folding : pulls.due(FOLDED_AT_ONCE, now)) {
            locked(folding.digest(), () -> {
                change(folding.digest(), pulls::applied);
                return folding;
            });
            pulls.folded(folding);
        }
    }

    private void saveRecords() {
        for (Digest digest : unsaved.digests()) {
            locked(digest, () -> {
                unsaved.find(digest).ifPresent(record -> keepUnsaved(digest, record));
                return digest;
            });
            if (unsaved.find(digest).isPresent()) {
                return;
            }
        }
    }

    /** Together with what its file says, if that could not be read before. Caller holds its lock. */
    private void keepUnsaved(Digest digest, ManifestRecord record) {
        Known onDisk = index.isKnown(digest) ? Known.of(List.of()) : Known.of(files.all(digest));
        keep(onDisk.record().map(record::and).orElse(record), onDisk.files());
    }

    /** Reads every record there is, with the times at which clients got it last; bad ones are quarantined on the way. */
    public void forEach(Consumer<ManifestRecord> action) {
        files.list().files().values().forEach(all -> Known.of(files.read(all))
                .record()
                .map(pulls::applied)
                .ifPresent(action));
    }

    /** False if no record can have come or gone since the last look, as far as the directories tell; asks the disk for no more than that. */
    public boolean mayHaveChanged() {
        return scan.mayHaveChanged();
    }

    /** Looks for what other programs did to the records since the last look; bad ones are quarantined on the way. The first look tells all. */
    public void look(RecordChanges changes) {
        scan.look((digest, before) -> locked(digest, () -> look(digest, before, changes)), changes);
        layout.unreadable().tell();
    }

    /** The same for the record of one SHA-256 digest, found by its file's name. */
    public void look(Digest digest, RecordChanges changes) {
        locked(digest, () -> {
            boolean isOther = index.isKnown(digest) && !index.isKnown(digest, files.look(digest));
            Map<Digest, ManifestSummary> last = isOther ? index.lastKnown(Set.of(digest)) : Map.of();
            return look(digest, Optional.ofNullable(last.get(digest)), changes);
        });
    }

    /** Writes what {@link #look} needs to be quick at the next start, as far as the disk takes it. */
    public void saveIndex() {
        index.save();
    }

    /** Caller holds the lock of that digest. */
    private boolean look(Digest digest, Optional<ManifestSummary> last, RecordChanges changes) {
        long look = files.look(digest);
        if (index.isKnown(digest, look) || unsaved.find(digest).isPresent()) {
            // Written by us since.
            return true;
        }
        Optional<ManifestSummary> before = index.recent(digest).or(() -> last);
        Optional<ManifestRecord> now = Known.of(files.all(digest)).record();
        now.map(ManifestSummary::of)
                .ifPresentOrElse(
                        summary -> {
                            index.put(summary, look);
                            before.ifPresentOrElse(
                                    known -> changes.changed(known, summary), () -> changes.came(summary));
                        },
                        () -> {
                            before.ifPresentOrElse(index::lose, () -> index.remove(digest));
                            before.ifPresent(changes::went);
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
     * Writes a record, or remembers that it has still to be written. Caller holds its lock.
     *
     * @param read the files whose content is in it
     */
    private void keep(ManifestRecord record, List<RecordFile> read) {
        if (!layout.isWritable()) {
            unsaved.put(record);
            return;
        }
        try {
            written(record, read);
            if (unsaved.isEmpty()) {
                outage.over();
            }
        } catch (IOException e) {
            unsaved.put(record);
            if (files.unreadable(record.manifest().digest()).isPresent()) {
                index.remove(record.manifest().digest());
            }
            outage.failed(e);
        }
    }

    private void written(ManifestRecord record, List<RecordFile> read) throws IOException {
        Digest digest = record.manifest().digest();
        RecordFile written = write(record);
        memory.put(digest, written);
        unsaved.remove(digest);
        removeOthers(read, written);
        // Else the first look would take it for told, and tell nobody.
        if (index.isKnown(digest)) {
            index.put(ManifestSummary.of(record), files.look(digest));
        }
    }

    private RecordFile write(ManifestRecord record) throws IOException {
        Path file = files.home(
                record.manifest().digest(), RecordType.of(record.manifest().mediaType()).kind);
        layout.prepare(Objects.requireNonNull(file.getParent()));
        quarantine.makeWay(file);
        DurableFiles.write(layout, file, RecordFormat.write(record));
        return new RecordFile(record, file, VerifiedIndex.look(file));
    }

    /** What is written down of the manifest of that SHA-256 digest; always from the disk. */
    public Optional<ManifestRecord> record(Digest digest) {
        return known(digest).record();
    }

    /** Once what they say stands in one file, the others go: else what is changed there would come back from them. */
    private static void removeOthers(List<RecordFile> read, RecordFile written) {
        for (RecordFile other : read) {
            if (other.file().equals(written.file()) || !other.isStillThere()) {
                continue;
            }
            try {
                Files.deleteIfExists(other.file());
            } catch (IOException e) {
                LOG.warn("deleting {}, which {} replaces: {}", other.file(), written.file(), e.toString());
            }
        }
    }

    /** To change it one holds the lock of that digest. */
    private Known known(Digest digest) {
        Known onDisk = Known.of(files.all(digest));
        Optional<ManifestRecord> waiting = unsaved.find(digest);
        return waiting.isPresent() ? new Known(waiting, onDisk.files()) : onDisk;
    }

    /** What is known of a digest, and from which files. */
    private record Known(Optional<ManifestRecord> record, List<RecordFile> files) {
        static Known of(List<RecordFile> files) {
            return new Known(files.stream().map(RecordFile::record).reduce(ManifestRecord::and), files);
        }
    }
}
