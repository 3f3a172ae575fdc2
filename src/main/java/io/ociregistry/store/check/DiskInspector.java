package io.ociregistry.store.check;

import io.ociregistry.common.FileErrors;
import io.ociregistry.oci.Digest;
import io.ociregistry.store.CorruptFile;
import io.ociregistry.store.Inspector;
import io.ociregistry.store.Inspector.ReadThrottle;
import io.ociregistry.store.ManifestRecord;
import io.ociregistry.store.QuarantinedRecord;
import io.ociregistry.store.disk.Directories;
import io.ociregistry.store.disk.ExternalFiles;
import io.ociregistry.store.disk.Layout;
import io.ociregistry.store.disk.ReportOnly;
import io.ociregistry.store.disk.VerifiedIndex;
import io.ociregistry.store.download.IncrementalDigest;
import io.ociregistry.store.manifest.RecordFile;
import io.ociregistry.store.manifest.RecordFiles;
import io.ociregistry.store.manifest.index.QuarantinedRecords;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the files of a store and compares their content with their names, at a limited rate.
 *
 * <p>An inspector only reads and needs no lock on the store; its caller decides about each corrupt file. It reports no
 * file that was deleted in the meantime or that was modified in the last minute. Used by one thread.
 */
public final class DiskInspector implements Inspector {
    private static final Logger LOG = LoggerFactory.getLogger(DiskInspector.class);
    private static final int BUFFER = 1 << 16;

    private final Layout layout;
    private final long maxManifestBytes;
    private final ReadThrottle pace;
    private long recentlyModified;

    public DiskInspector(Layout layout, long maxManifestBytes, ReadThrottle pace) {
        this.layout = layout;
        this.maxManifestBytes = maxManifestBytes;
        this.pace = pace;
    }

    @Override
    public void readRecords(Consumer<InspectedRecord> good, Consumer<CorruptFile> bad) throws InterruptedException {
        RecordFiles files = new RecordFiles(layout, new ReportOnly(bad, () -> recentlyModified++), maxManifestBytes);
        for (List<Path> all : files.list().files().values()) {
            for (Path file : all) {
                pace.throttle(Math.min(Directories.size(file), maxManifestBytes));
            }
            List<RecordFile> read = files.read(all);
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            boolean isSettled = read.stream().map(RecordFile::file).allMatch(ExternalFiles::isSettled);
            read.stream()
                    .map(RecordFile::record)
                    .reduce(ManifestRecord::mergedWith)
                    .ifPresent(record -> good.accept(new InspectedRecord(record, isSettled)));
        }
    }

    @Override
    public void findUnreadable(BiConsumer<String, String> report) {
        layout.rootFiles().forEach(file -> isUnreadable(file, report));
        for (Path directory : layout.directories()) {
            if (!isUnreadable(directory, report)) {
                Directories.list(layout, directory, file -> !Files.isDirectory(file))
                        .forEach(file -> isUnreadable(file, report));
            }
        }
    }

    private boolean isUnreadable(Path file, BiConsumer<String, String> report) {
        Optional<String> reason = layout.unreadable().reasonIfUnreadable(file);
        if (reason.isEmpty() && layout.owner().isDeniedToOwner(file)) {
            reason = Optional.of(layout.owner().whyDeniedToOwner(file, layout.root()));
        }
        reason.ifPresent(why -> report.accept(file.toString(), why));
        return reason.isPresent();
    }

    @Override
    public List<QuarantinedRecord> lostRecords() {
        try {
            return new QuarantinedRecords(layout, maxManifestBytes).find();
        } catch (IOException e) {
            LOG.error("reading the records in quarantine failed: {}", e.toString());
            return List.of();
        }
    }

    @Override
    public boolean hasRecord(Digest manifest) {
        return Stream.of(Layout.Kind.values()).anyMatch(kind -> Files.exists(layout.record(kind, manifest)));
    }

    @Override
    public List<Digest> blobs() {
        return Directories.list(layout, layout.blobs(), ExternalFiles::isCacheFile).stream()
                .flatMap(file -> Layout.digestOf(file).stream())
                .sorted()
                .toList();
    }

    @Override
    public Set<Digest> inFlight() {
        Set<Digest> arriving = new HashSet<>();
        for (Path file : Directories.list(layout, layout.partials(), ExternalFiles::isCacheFile)) {
            if (!ExternalFiles.isSettled(file)) {
                Layout.digestOf(file).ifPresent(arriving::add);
            }
        }
        return arriving;
    }

    @Override
    public OptionalLong size(Digest blob) {
        try {
            return OptionalLong.of(Files.size(layout.blob(blob)));
        } catch (IOException e) {
            return OptionalLong.empty();
        }
    }

    @Override
    public Optional<CorruptFile> verifyBlob(Digest digest) throws InterruptedException {
        Path file = layout.blob(digest);
        if (layout.unreadable().reasonIfUnreadable(file).isPresent()) {
            layout.unreadable().logChange();
            return Optional.empty();
        }
        String fileStamp;
        try {
            fileStamp = VerifiedIndex.fileStamp(file);
        } catch (IOException gone) {
            return Optional.empty();
        }
        Optional<String> problem = problem(file, digest);
        if (problem.isPresent() && !ExternalFiles.isSettled(file)) {
            recentlyModified++;
            return Optional.empty();
        }
        return problem.map(wrong -> new CorruptFile(file.toString(), digest, fileStamp, wrong));
    }

    @Override
    public long recentlyModified() {
        return recentlyModified;
    }

    private Optional<String> problem(Path file, Digest digest) throws InterruptedException {
        try {
            if (!Files.isRegularFile(file)) {
                return Optional.of("it is not a regular file");
            }
            long size = Files.size(file);
            Digest actual = hash(file, digest.algorithm());
            return actual.equals(digest)
                    ? Optional.empty()
                    : Optional.of("its " + size + " bytes have the digest " + actual);
        } catch (NoSuchFileException gone) {
            return Optional.empty();
        } catch (ClosedByInterruptException stopping) {
            throw new InterruptedException();
        } catch (IOException e) {
            return Optional.of("it can't be read: " + FileErrors.reason(e));
        }
    }

    private Digest hash(Path file, Digest.Algorithm algorithm) throws IOException, InterruptedException {
        IncrementalDigest hash = new IncrementalDigest(algorithm);
        ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
        try (FileChannel channel = FileChannel.open(file)) {
            for (int count = channel.read(buffer); count >= 0; count = channel.read(buffer)) {
                hash.messageDigest().update(buffer.flip());
                buffer.clear();
                pace.throttle(count);
            }
        }
        return hash.current();
    }
}
