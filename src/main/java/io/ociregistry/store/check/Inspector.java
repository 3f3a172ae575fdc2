package io.ociregistry.store.check;

import io.ociregistry.oci.Digest;
import io.ociregistry.store.CorruptFile;
import io.ociregistry.store.ManifestRecord;
import io.ociregistry.store.QuarantinedRecord;
import io.ociregistry.store.ReadPace;
import io.ociregistry.store.disk.Directories;
import io.ociregistry.store.disk.ExternalFiles;
import io.ociregistry.store.disk.Layout;
import io.ociregistry.store.disk.ReportOnly;
import io.ociregistry.store.disk.VerifiedIndex;
import io.ociregistry.store.disk.WriteFailureLog;
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
 * Reads what lies in a store and compares it with its names, at a pace that leaves something of the disk to others. It only reads, and needs no
 * lock; what is done about a finding is its caller's business. A file that goes meanwhile, or to which somebody wrote in the last minute, is none.
 */
public final class Inspector {
    private static final Logger LOG = LoggerFactory.getLogger(Inspector.class);
    private static final int BUFFER = 1 << 16;

    private final Layout layout;
    private final long maxManifestBytes;
    private final ReadPace pace;
    private long young;

    /** Of that layout. */
    public Inspector(Layout layout, long maxManifestBytes, ReadPace pace) {
        this.layout = layout;
        this.maxManifestBytes = maxManifestBytes;
        this.pace = pace;
    }

    /**
     * Reads every record there is.
     *
     * @param good what was read
     * @param bad what can't be
     */
    public void records(Consumer<InspectedRecord> good, Consumer<CorruptFile> bad) throws InterruptedException {
        RecordFiles files = new RecordFiles(layout, new ReportOnly(bad, () -> young++), maxManifestBytes);
        for (List<Path> all : files.list().files().values()) {
            for (Path file : all) {
                pace.took(Math.min(Directories.size(file), maxManifestBytes));
            }
            List<RecordFile> read = files.read(all);
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            boolean isSettled = read.stream().map(RecordFile::file).allMatch(ExternalFiles::isSettled);
            read.stream()
                    .map(RecordFile::record)
                    .reduce(ManifestRecord::and)
                    .ifPresent(record -> good.accept(new InspectedRecord(record, isSettled)));
        }
    }

    /**
     * Looks for files and directories that can't be read: by this process, or, if it is root, which may read
     * everything, by the user that the cache belongs to.
     *
     * @param told of each, and why
     */
    public void unreadable(BiConsumer<Path, String> told) {
        layout.notes().forEach(file -> isUnreadable(file, told));
        for (Path directory : layout.directories()) {
            if (!isUnreadable(directory, told)) {
                Directories.list(layout, directory, file -> !Files.isDirectory(file))
                        .forEach(file -> isUnreadable(file, told));
            }
        }
    }

    private boolean isUnreadable(Path file, BiConsumer<Path, String> told) {
        Optional<String> why = layout.unreadable().check(file);
        if (why.isEmpty() && layout.owner().isDeniedToOwner(file)) {
            why = Optional.of(layout.owner().whyDeniedToOwner(file, layout.root()));
        }
        why.ifPresent(reason -> told.accept(file, reason));
        return why.isPresent();
    }

    /** The records that are in quarantine and nowhere else, as far as the disk tells. */
    public List<QuarantinedRecord> lost() {
        try {
            return new QuarantinedRecords(layout, maxManifestBytes).find();
        } catch (IOException e) {
            LOG.error("looking for records that went bad before: {}", e.toString());
            return List.of();
        }
    }

    /** True if there is a record of that manifest, good or bad. */
    public boolean hasRecord(Digest manifest) {
        return Stream.of(Layout.Kind.values()).anyMatch(kind -> Files.exists(layout.record(kind, manifest)));
    }

    /** The names of all blobs that there are files of. */
    public List<Digest> blobs() {
        return Directories.list(layout, layout.blobs(), ExternalFiles::isOurs).stream()
                .flatMap(file -> Layout.digestOf(file).stream())
                .sorted()
                .toList();
    }

    /** The blobs that somebody received a part of in the last minute. */
    public Set<Digest> arriving() {
        Set<Digest> arriving = new HashSet<>();
        for (Path file : Directories.list(layout, layout.partials(), ExternalFiles::isOurs)) {
            if (!ExternalFiles.isSettled(file)) {
                Layout.digestOf(file).ifPresent(arriving::add);
            }
        }
        return arriving;
    }

    /** The size of a blob's file; empty if there is none. */
    public OptionalLong size(Digest blob) {
        try {
            return OptionalLong.of(Files.size(layout.blob(blob)));
        } catch (IOException e) {
            return OptionalLong.empty();
        }
    }

    /** What is wrong with a blob, if anything is. Nothing is known of one that can't be read. */
    public Optional<CorruptFile> blob(Digest digest) throws InterruptedException {
        Path file = layout.blob(digest);
        if (layout.unreadable().check(file).isPresent()) {
            layout.unreadable().tell();
            return Optional.empty();
        }
        String look;
        try {
            look = VerifiedIndex.look(file);
        } catch (IOException gone) {
            return Optional.empty();
        }
        Optional<String> problem = problem(file, digest);
        if (problem.isPresent() && !ExternalFiles.isSettled(file)) {
            young++;
            return Optional.empty();
        }
        return problem.map(wrong -> new CorruptFile(file, digest, look, wrong));
    }

    /** How many files were not told of so far, since somebody wrote to them in the last minute, though they are not what their names say. */
    public long young() {
        return young;
    }

    private Optional<String> problem(Path file, Digest digest) throws InterruptedException {
        try {
            if (!Files.isRegularFile(file)) {
                return Optional.of("it is no file");
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
            return Optional.of("it can't be read: " + WriteFailureLog.reason(e));
        }
    }

    private Digest hash(Path file, Digest.Algorithm algorithm) throws IOException, InterruptedException {
        IncrementalDigest hash = new IncrementalDigest(algorithm);
        ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
        try (FileChannel channel = FileChannel.open(file)) {
            for (int count = channel.read(buffer); count >= 0; count = channel.read(buffer)) {
                hash.state().update(buffer.flip());
                buffer.clear();
                pace.took(count);
            }
        }
        return hash.now();
    }
}
