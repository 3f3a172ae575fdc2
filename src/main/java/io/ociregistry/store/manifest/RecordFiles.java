package io.ociregistry.store.manifest;

import io.ociregistry.oci.Digest;
import io.ociregistry.store.ManifestRecord;
import io.ociregistry.store.disk.CorruptFileHandler;
import io.ociregistry.store.disk.Directories;
import io.ociregistry.store.disk.ExternalFiles;
import io.ociregistry.store.disk.HashSet64;
import io.ociregistry.store.disk.Layout;
import io.ociregistry.store.disk.VerifiedIndex;
import io.ociregistry.store.manifest.format.RecordFormat;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files of manifest records on disk.
 *
 * <p>This program writes one file for each digest, but other programs may leave several: in two directories, or beside
 * the first after a conflict of a sync tool. Their names are merged. The directory of a file says nothing about its
 * content. A file that is larger than a record can be is skipped. Thread-safe.
 */
public final class RecordFiles {
    private static final Logger LOG = LoggerFactory.getLogger(RecordFiles.class);

    private final Layout layout;
    private final CorruptFileHandler corruptFiles;
    private final long maxBytes;
    /** The conflict copies of sync tools that the last {@link #list} found. */
    private final Map<Digest, List<Path>> conflicts = new ConcurrentHashMap<>();

    public RecordFiles(Layout layout, CorruptFileHandler corruptFiles, long maxManifestBytes) {
        this.layout = layout;
        this.corruptFiles = corruptFiles;
        this.maxBytes = RecordFormat.maxBytes(maxManifestBytes);
    }

    /** Reads the first valid file of a record; all valid files have the same manifest. */
    Optional<RecordFile> findAny(Digest digest) {
        return candidates(digest).flatMap(file -> read(file).stream()).findFirst();
    }

    /** Reads all valid files of a record. */
    List<RecordFile> findAll(Digest digest) {
        return read(candidates(digest).toList());
    }

    /** Reads those of the given files that are valid. */
    public List<RecordFile> read(List<Path> files) {
        return files.stream().flatMap(file -> read(file).stream()).toList();
    }

    /** Returns why this process may not read a file of a record; empty if it may read all, or if there is none. */
    Optional<String> unreadableReason(Digest digest) {
        return plainPaths(digest)
                .flatMap(file -> layout.unreadable().reasonIfUnreadable(file).stream())
                .findFirst();
    }

    /**
     * Returns the path to write a record to: the directory of its kind, unless a file of it exists only in another
     * directory. Then that file is replaced, so that the program that wrote it finds it again.
     */
    Path targetPath(Digest digest, Layout.Kind kind) {
        Path usual = layout.record(kind, digest);
        return Stream.concat(Stream.of(usual), plainPaths(digest))
                .filter(Files::isRegularFile)
                .findFirst()
                .orElse(usual);
    }

    /** Returns the current stamp of all files of a record. */
    long fileStamp(Digest digest) {
        return fileStamp(candidates(digest).toList());
    }

    /** Returns one stamp for several files: it changes when a file is added, removed or modified. */
    static long fileStamp(List<Path> files) {
        long sum = 0;
        for (Path file : files) {
            try {
                String place = file.getName(file.getNameCount() - 2) + "/" + file.getFileName();
                sum += HashSet64.hash(place + " " + VerifiedIndex.fileStamp(file));
            } catch (IOException gone) {
                LOG.trace("{} does not exist", file);
            }
        }
        return sum;
    }

    /** Returns the modification times of the record directories; epoch for a directory that does not exist. */
    List<FileTime> directoryTimes() {
        List<FileTime> times = new ArrayList<>();
        for (Layout.Kind kind : Layout.Kind.values()) {
            try {
                times.add(Files.getLastModifiedTime(layout.record(kind)));
            } catch (IOException none) {
                times.add(FileTime.fromMillis(0));
            }
        }
        return times;
    }

    /** Lists all files that are named like a record, by digest. */
    public Listing list() {
        Map<Digest, List<Path>> files = new HashMap<>();
        boolean complete = true;
        for (Layout.Kind kind : Layout.Kind.values()) {
            complete &= Directories.list(
                    layout, layout.record(kind), ExternalFiles::isCacheFile, file -> Layout.recordDigest(file)
                            .ifPresent(digest -> files.computeIfAbsent(digest, unused -> new ArrayList<>(1))
                                    .add(file)));
        }
        conflicts.keySet().retainAll(files.keySet());
        files.forEach((digest, all) ->
                noteConflicts(digest, all.stream().filter(Layout::isConflict).toList()));
        return new Listing(files, complete);
    }

    /**
     * The record files in the directories.
     *
     * @param isComplete false if a directory could not be listed
     */
    public record Listing(Map<Digest, List<Path>> files, boolean isComplete) {
        /** Reads the stamp of each record's files from the disk. */
        Map<Digest, Long> fileStamps() {
            Map<Digest, Long> fileStamps = new HashMap<>();
            files.forEach((digest, paths) -> fileStamps.put(digest, RecordFiles.fileStamp(paths)));
            return fileStamps;
        }
    }

    private void noteConflicts(Digest digest, List<Path> copies) {
        if (copies.isEmpty()) {
            conflicts.remove(digest);
        } else {
            conflicts.put(digest, copies);
        }
    }

    private Stream<Path> candidates(Digest digest) {
        // Most of these files do not exist, and an exception for each takes ten times as long as this check.
        return Stream.concat(plainPaths(digest), conflicts.getOrDefault(digest, List.of()).stream())
                .filter(file -> file.toFile().exists());
    }

    private Stream<Path> plainPaths(Digest digest) {
        return Stream.of(Layout.Kind.values()).map(kind -> layout.record(kind, digest));
    }

    private Optional<RecordFile> read(Path file) {
        String fileStamp;
        byte[] bytes;
        Instant modified;
        try {
            if (corruptFiles.isKnown(file)) {
                return Optional.empty();
            }
            // Before it is read: a file that replaces it in the meantime has another stamp.
            fileStamp = VerifiedIndex.fileStamp(file);
            if (!Files.isRegularFile(file)) {
                return Optional.empty();
            }
            if (Files.size(file) > maxBytes) {
                String reason = "it has " + Files.size(file) + " bytes, more than a record can have";
                corruptFiles.handleOversized(file, fileStamp, reason);
                return Optional.empty();
            }
            bytes = readBytes(file);
            modified = Files.getLastModifiedTime(file).toInstant();
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            // The disk fails, or too many files are open: the content may be valid.
            corruptFiles.handleUnreadable(file, e);
            return Optional.empty();
        }
        try {
            return Optional.of(new RecordFile(checkName(file, RecordFormat.read(bytes, modified)), file, fileStamp));
        } catch (IOException e) {
            corruptFiles.handleCorrupt(file, fileStamp, String.valueOf(e.getMessage()));
            return Optional.empty();
        }
    }

    /** Reads at most the bytes that a record can have, because the file may be growing. */
    private byte[] readBytes(Path file) throws IOException {
        try (InputStream content = Files.newInputStream(file)) {
            return content.readNBytes(Math.toIntExact(maxBytes));
        }
    }

    private static ManifestRecord checkName(Path file, ManifestRecord record) throws IOException {
        Digest digest = record.manifest().digest();
        if (!Layout.recordDigest(file).equals(Optional.of(digest))) {
            throw new IOException("its name should be " + digest.hex());
        }
        return record;
    }
}
