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
 * The files of manifest records.
 *
 * <p>One for each digest is enough, but other programs leave more: in two directories, or beside it after a conflict of a sync tool. They
 * count together. The directory of a record is where it is looked for first, and says nothing of what is in it. A file is read only as far as
 * a record can be large; one that is larger is left out.
 */
public final class RecordFiles {
    private static final Logger LOG = LoggerFactory.getLogger(RecordFiles.class);

    private final Layout layout;
    private final CorruptFileHandler bad;
    private final long mostBytes;
    /** What lay beside the files that are named by their digest alone when the directories were last listed. */
    private final Map<Digest, List<Path>> conflicts = new ConcurrentHashMap<>();

    public RecordFiles(Layout layout, CorruptFileHandler bad, long maxManifestBytes) {
        this.layout = layout;
        this.bad = bad;
        this.mostBytes = RecordFormat.mostBytes(maxManifestBytes);
    }

    /** The first that can be read; all have the same manifest. */
    Optional<RecordFile> any(Digest digest) {
        return places(digest).flatMap(file -> read(file).stream()).findFirst();
    }

    /** All that can be read, the one to be kept first. */
    List<RecordFile> all(Digest digest) {
        return read(places(digest).toList());
    }

    /** Those of these files that can be read. */
    public List<RecordFile> read(List<Path> files) {
        return files.stream().flatMap(file -> read(file).stream()).toList();
    }

    /**
     * Why a record of that digest can't be read though there may be one; empty if none is there, or if one can be read.
     */
    Optional<String> unreadable(Digest digest) {
        return plainPlaces(digest)
                .flatMap(file -> layout.unreadable().check(file).stream())
                .findFirst();
    }

    /** Where the record of a digest is to be written: where it is, so that whoever wrote it finds it again, else by its kind. */
    Path home(Digest digest, Layout.Kind kind) {
        Path usual = layout.record(kind, digest);
        return Stream.concat(Stream.of(usual), plainPlaces(digest))
                .filter(Files::isRegularFile)
                .findFirst()
                .orElse(usual);
    }

    /** How all files of a record look now. */
    long look(Digest digest) {
        return look(places(digest).toList());
    }

    /** How some files look, in one number; those that are not there don't count. */
    static long look(List<Path> files) {
        long sum = 0;
        for (Path file : files) {
            try {
                String place = file.getName(file.getNameCount() - 2) + "/" + file.getFileName();
                sum += HashSet64.of(place + " " + VerifiedIndex.look(file));
            } catch (IOException gone) {
                LOG.trace("{} is not there", file);
            }
        }
        return sum;
    }

    /** When the directories were changed last, as far as they are there. */
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

    /** Every file that is named as a record is, by its digest. */
    public Listing list() {
        Map<Digest, List<Path>> files = new HashMap<>();
        boolean complete = true;
        for (Layout.Kind kind : Layout.Kind.values()) {
            complete &= Directories.list(
                    layout, layout.record(kind), ExternalFiles::isOurs, file -> Layout.recordDigest(file)
                            .ifPresent(digest -> files.computeIfAbsent(digest, unused -> new ArrayList<>(1))
                                    .add(file)));
        }
        conflicts.keySet().retainAll(files.keySet());
        files.forEach((digest, all) ->
                noteConflicts(digest, all.stream().filter(Layout::isConflict).toList()));
        return new Listing(files, complete);
    }

    /**
     * What lies in the directories.
     *
     * @param isComplete false if the disk did not tell all of it
     */
    public record Listing(Map<Digest, List<Path>> files, boolean isComplete) {
        /** How the files of each record look; asks the disk for that of each. */
        Map<Digest, Long> looks() {
            Map<Digest, Long> looks = new HashMap<>();
            files.forEach((digest, there) -> looks.put(digest, RecordFiles.look(there)));
            return looks;
        }
    }

    private void noteConflicts(Digest digest, List<Path> beside) {
        if (beside.isEmpty()) {
            conflicts.remove(digest);
        } else {
            conflicts.put(digest, beside);
        }
    }

    private Stream<Path> places(Digest digest) {
        // Most are not there, and to be told so by an exception takes ten times as long.
        return Stream.concat(plainPlaces(digest), conflicts.getOrDefault(digest, List.of()).stream())
                .filter(file -> file.toFile().exists());
    }

    private Stream<Path> plainPlaces(Digest digest) {
        return Stream.of(Layout.Kind.values()).map(kind -> layout.record(kind, digest));
    }

    private Optional<RecordFile> read(Path file) {
        String look;
        byte[] bytes;
        Instant modified;
        try {
            if (bad.has(file)) {
                return Optional.empty();
            }
            // Before it is read: another file that takes its place meanwhile looks otherwise.
            look = VerifiedIndex.look(file);
            if (!Files.isRegularFile(file)) {
                return Optional.empty();
            }
            if (Files.size(file) > mostBytes) {
                bad.leaveOut(file, look, "it has " + Files.size(file) + " bytes, more than a record can have");
                return Optional.empty();
            }
            bytes = readBytes(file);
            modified = Files.getLastModifiedTime(file).toInstant();
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            // The disk's fault, or too many open files: nothing is known of the content.
            bad.unreadable(file, e);
            return Optional.empty();
        }
        try {
            return Optional.of(new RecordFile(named(file, RecordFormat.read(bytes, modified)), file, look));
        } catch (IOException e) {
            bad.take(file, look, String.valueOf(e.getMessage()));
            return Optional.empty();
        }
    }

    /** Not more than there may be, though it may be growing. */
    private byte[] readBytes(Path file) throws IOException {
        try (InputStream content = Files.newInputStream(file)) {
            return content.readNBytes(Math.toIntExact(mostBytes));
        }
    }

    private static ManifestRecord named(Path file, ManifestRecord record) throws IOException {
        Digest digest = record.manifest().digest();
        if (!Layout.recordDigest(file).equals(Optional.of(digest))) {
            throw new IOException("its name should be " + digest.hex());
        }
        return record;
    }
}
