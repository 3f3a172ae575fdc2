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
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Manifest records on disk, and the most used manifests in memory.
 *
 * <p>A record is written whole before anybody is told of it. Reading takes no lock and writes nothing. A record that can't be read, or whose
 * bytes are not what its name says, is quarantined and counts as absent; it never hides its neighbours.
 */
public final class ManifestStore {
    private static final Logger LOG = LoggerFactory.getLogger(ManifestStore.class);
    private static final int LOCKS = 64;
    private static final long MEMORY_BYTES = 16L << 20;
    /** What a manifest costs in memory beside its bytes: descriptors and digests, roughly. */
    private static final int OVERHEAD = 2048;

    private final Layout layout;
    private final Quarantine quarantine;
    private final List<ReentrantLock> locks =
            IntStream.range(0, LOCKS).mapToObj(i -> new ReentrantLock()).toList();
    private final Cache<Digest, Manifest> memory = Caffeine.newBuilder()
            .maximumWeight(MEMORY_BYTES)
            .weigher((Digest digest, Manifest manifest) -> manifest.size() + OVERHEAD)
            .build();

    /** The records of a layout whose directories exist. */
    public ManifestStore(Layout layout) {
        this.layout = layout;
        this.quarantine = new Quarantine(layout.corrupt());
    }

    /** The manifest of that SHA-256 digest; empty if there is none, or none that can be trusted. */
    public Optional<Manifest> find(Digest digest) {
        Manifest cached = memory.getIfPresent(digest);
        if (cached != null) {
            return Optional.of(cached);
        }
        Optional<Manifest> found = record(digest).map(ManifestRecord::manifest);
        found.ifPresent(manifest -> memory.put(digest, manifest));
        return found;
    }

    /**
     * Writes down that an upstream gave this manifest under this name. The name is durable when this returns.
     *
     * @throws IOException if the disk does not allow it; what was there before is still there
     */
    public ManifestRecord confirm(Manifest manifest, ImageReference name, Instant now) throws IOException {
        ReentrantLock lock = locks.get(Math.floorMod(manifest.digest().hashCode(), LOCKS));
        lock.lock();
        try {
            ManifestRecord record = record(manifest.digest())
                    .orElseGet(() -> new ManifestRecord(manifest, List.of()))
                    .confirmed(name, now);
            Path file = layout.record(RecordType.of(record.manifest().mediaType()).kind, manifest.digest());
            DurableFiles.write(file, RecordFormat.write(record), layout.partials());
            memory.put(manifest.digest(), record.manifest());
            return record;
        } finally {
            lock.unlock();
        }
    }

    /** Reads every record there is; bad ones are quarantined on the way. */
    public void forEach(Consumer<ManifestRecord> action) {
        for (Layout.Kind kind : Layout.Kind.values()) {
            for (Path file : files(layout.record(kind))) {
                read(file).ifPresent(action);
            }
        }
    }

    private Optional<ManifestRecord> record(Digest digest) {
        for (Layout.Kind kind : Layout.Kind.values()) {
            Optional<ManifestRecord> record = read(layout.record(kind, digest));
            if (record.isPresent()) {
                return record;
            }
        }
        return Optional.empty();
    }

    private Optional<ManifestRecord> read(Path file) {
        byte[] bytes;
        Instant modified;
        try {
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
            return Optional.of(named(file, RecordFormat.read(bytes, modified)));
        } catch (IOException e) {
            if (ForeignFiles.isSettled(file)) {
                quarantine.take(file, String.valueOf(e.getMessage()));
            }
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
        List<Path> files = new ArrayList<>();
        try (var stream =
                Files.newDirectoryStream(directory, path -> ForeignFiles.isOurs(path) && Files.isRegularFile(path))) {
            stream.forEach(files::add);
        } catch (IOException e) {
            LOG.error("reading {}: {}", directory, e.toString());
        }
        return files;
    }
}
