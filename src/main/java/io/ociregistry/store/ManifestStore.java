package io.ociregistry.store;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
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

    private final Layout layout;
    private final Quarantine quarantine;
    private final UnsavedRecords unsaved = new UnsavedRecords();
    private final Outage outage;
    private final List<ReentrantLock> locks =
            IntStream.range(0, LOCKS).mapToObj(i -> new ReentrantLock()).toList();
    private final Cache<Digest, Seen> memory = Caffeine.newBuilder()
            .maximumWeight(MEMORY_BYTES)
            .weigher((Digest digest, Seen seen) -> seen.record.weight())
            .build();

    /** The records of a layout. */
    public ManifestStore(Layout layout) {
        this.layout = layout;
        this.quarantine = new Quarantine(layout);
        this.outage = new Outage("manifest records in " + layout.root());
    }

    /** The manifest of that SHA-256 digest; empty if there is none, or none that can be trusted. */
    public Optional<Manifest> find(Digest digest) {
        Optional<ManifestRecord> waiting = unsaved.find(digest);
        if (waiting.isPresent()) {
            return waiting.map(ManifestRecord::manifest);
        }
        Seen known = memory.getIfPresent(digest);
        if (known != null && known.isStillThere()) {
            return Optional.of(known.manifest());
        }
        Optional<Seen> found = onDisk(digest);
        found.ifPresentOrElse(seen -> memory.put(digest, seen), () -> memory.invalidate(digest));
        return found.map(Seen::manifest);
    }

    /** Writes down that an upstream gave this manifest under this name. The name is durable when this returns, if the disk allows it. */
    public ManifestRecord confirm(Manifest manifest, ImageReference name, Instant now) {
        return locked(manifest.digest(), () -> {
            ManifestRecord record = record(manifest.digest())
                    .orElseGet(() -> new ManifestRecord(manifest, List.of()))
                    .confirmed(name, now);
            keep(record);
            return record;
        });
    }

    /** Writes down that a manifest has not that name any more, as its upstream says. */
    public void drop(Digest digest, ImageReference name) {
        locked(digest, () -> {
            Optional<ManifestRecord> record = record(digest);
            record.ifPresent(known -> keep(known.without(name)));
            return record;
        });
    }

    /** Tries again to write what the disk did not take. */
    public void save() {
        for (Digest digest : unsaved.digests()) {
            locked(digest, () -> {
                unsaved.find(digest).ifPresent(this::keep);
                return digest;
            });
            if (unsaved.find(digest).isPresent()) {
                return;
            }
        }
    }

    /** Reads every record there is; bad ones are quarantined on the way. */
    public void forEach(Consumer<ManifestRecord> action) {
        for (Layout.Kind kind : Layout.Kind.values()) {
            for (Path file : files(layout.record(kind))) {
                read(file).map(Seen::record).ifPresent(action);
            }
        }
    }

    private <T> T locked(Digest digest, Supplier<T> work) {
        ReentrantLock lock = locks.get(Math.floorMod(digest.hashCode(), LOCKS));
        lock.lock();
        try {
            return work.get();
        } finally {
            lock.unlock();
        }
    }

    /** Writes a record, or remembers that it has still to be written. Caller holds its lock. */
    private void keep(ManifestRecord record) {
        Digest digest = record.manifest().digest();
        if (!layout.isWritable()) {
            unsaved.put(record);
            return;
        }
        try {
            memory.put(digest, write(record));
            unsaved.remove(digest);
            if (unsaved.isEmpty()) {
                outage.over();
            }
        } catch (IOException e) {
            unsaved.put(record);
            outage.failed(e);
        }
    }

    private Seen write(ManifestRecord record) throws IOException {
        Layout.Kind kind = RecordType.of(record.manifest().mediaType()).kind;
        Path file = layout.record(kind, record.manifest().digest());
        layout.prepare(layout.partials());
        layout.prepare(layout.record(kind));
        quarantine.makeWay(file);
        DurableFiles.write(file, RecordFormat.write(record), layout.partials());
        return new Seen(record, file, VerifiedIndex.look(file));
    }

    /** What is written down of the manifest of that SHA-256 digest; always from the disk. */
    public Optional<ManifestRecord> record(Digest digest) {
        return unsaved.find(digest).or(() -> onDisk(digest).map(Seen::record));
    }

    private Optional<Seen> onDisk(Digest digest) {
        return Stream.of(Layout.Kind.values())
                .flatMap(kind -> read(layout.record(kind, digest)).stream())
                .findFirst();
    }

    private Optional<Seen> read(Path file) {
        String look;
        byte[] bytes;
        Instant modified;
        try {
            if (quarantine.has(file)) {
                return Optional.empty();
            }
            // Before it is read: another file that takes its place meanwhile looks otherwise.
            look = VerifiedIndex.look(file);
            bytes = Files.readAllBytes(file);
            modified = Files.getLastModifiedTime(file).toInstant();
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            // The disk's fault, or too many open files: nothing is known of the content.
            LOG.error("reading {}: {}", file, e.toString());
            return Optional.empty();
        }
        try {
            return Optional.of(new Seen(named(file, RecordFormat.read(bytes, modified)), file, look));
        } catch (IOException e) {
            quarantine.take(file, look, String.valueOf(e.getMessage()));
            return Optional.empty();
        }
    }

    private static ManifestRecord named(Path file, ManifestRecord record) throws IOException {
        String name = record.manifest().digest().hex();
        if (!file.endsWith(name)) {
            throw new IOException("its name should be " + name);
        }
        return record;
    }

    private static List<Path> files(Path directory) {
        return Directories.list(directory, path -> ForeignFiles.isOurs(path) && Files.isRegularFile(path));
    }

    /** What stands in a file that looked like that. */
    private record Seen(ManifestRecord record, Path file, String look) {
        Manifest manifest() {
            return record.manifest();
        }

        boolean isStillThere() {
            try {
                return look.equals(VerifiedIndex.look(file));
            } catch (NoSuchFileException e) {
                return false;
            } catch (IOException e) {
                // The disk tells nothing; what was read from it once was right.
                return true;
            }
        }
    }
}
