package io.ociregistry.store.disk;

import io.ociregistry.common.DurableRename;
import io.ociregistry.common.FileOwner;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.store.ListName;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The files and directories of a store: the only type that knows their names, and that creates them. The admin token is
 * the exception: package {@code access} creates its file.
 *
 * <pre>
 * &lt;imagePath&gt;/
 *   blobs/&lt;hex&gt;      verified blobs, file name = sha256 (other algorithms: &lt;alg&gt;-&lt;hex&gt;)
 *   fat/&lt;hex&gt;        one JSON record per manifest list or index
 *   img/&lt;hex&gt;        one JSON record per image manifest
 *   other/&lt;hex&gt;      one JSON record per manifest of another type; the Go program does not read this directory
 *   lts/&lt;hex&gt;        records of indexes and images that newer versions of the Go program wrote;
 *                    updated in place only
 *   partial/         downloads in flight or interrupted (&lt;blob&gt;@&lt;registry&gt;), with their checkpoints
 *                    (*.checkpoints; not for a small blob in flight); incomplete images (*.image; the hex is the
 *                    sha256 of the name in the file); and temporary files (*.tmp)
 *   corrupt/         quarantined files (&lt;name&gt;.&lt;milliseconds&gt;), each with a .reason file; never served.
 *                    The name of a record ends with its directory (.img). While its manifest has no other record,
 *                    the blobs of the manifest are kept
 *   lists/           tags and referrers that upstreams sent last, one JSON file each (tags-&lt;hex&gt;,
 *                    referrers-&lt;hex&gt;; the hex is the sha256 of the key in the file);
 *                    and links, the confirmed digest links
 *   verified         disposable: the blobs that were hashed, with the stamps of their files at that time
 *   records          disposable: the summaries of the records, with the stamps of their files at that time
 *   scrubbed         disposable: the start of the last complete scrub
 *   pulled           of this machine only: the times of pulls that are not in the records yet
 *   admin-token      of this machine only: the token of the admin API, readable by the user of the server only
 *   .lock            locked by the only process that writes; .lock.info describes that process
 * </pre>
 *
 * <p>Each directory may be a symbolic link or a mount point of another file system. Files from {@code partial/} are
 * then copied to {@code .partial/} in the target directory, and renamed from there.
 *
 * <p>New files belong to the owner of the cache, even if root creates them (see {@link FileOwner}). Immutable and
 * thread-safe.
 */
public final class Layout {
    private static final String SOURCE = "@";
    private static final String STAGING = ".partial";
    private static final String CHECKPOINTS = ".checkpoints";
    private static final String INCOMPLETE_IMAGE = ".image";
    private static final String CONFLICT = ".sync-conflict-";
    private static final Pattern RECORD = Pattern.compile("[a-f0-9]{64}");

    /**
     * The longest registry name that is used in a file name. A file name has at most 255 bytes; a digest takes up to
     * 135 and the suffix 12 of them, and a registry name can have 259.
     */
    private static final int MAX_SOURCE_LENGTH = 100;

    private final Path root;
    private final boolean writable;
    private final FileOwner owner;
    private final UnreadableFiles unreadable;
    /** The forces of directories; shared by all views of one root. */
    private final Map<Path, GroupCommit> directoryForces;

    private final ContentNotes notes;

    /** Creates the layout of a root; creates no file. New files belong to the user of this process. */
    public Layout(Path root) {
        this(root, true, FileOwner.UNKNOWN, new UnreadableFiles(root), new ConcurrentHashMap<>(), new ContentNotes());
    }

    private Layout(
            Path root,
            boolean writable,
            FileOwner owner,
            UnreadableFiles unreadable,
            Map<Path, GroupCommit> directoryForces,
            ContentNotes notes) {
        this.root = root;
        this.writable = writable;
        this.owner = owner;
        this.unreadable = unreadable;
        this.directoryForces = directoryForces;
        this.notes = notes;
    }

    /** Returns this layout with writes refused. */
    public Layout readOnly() {
        return new Layout(root, false, owner, unreadable, directoryForces, notes);
    }

    /** Returns this layout with new files given to the user that owns the directories now. */
    Layout withCurrentOwner() {
        List<Path> directories =
                Stream.concat(Stream.of(root), directories().stream()).toList();
        return new Layout(root, writable, FileOwner.of(directories), unreadable, directoryForces, notes);
    }

    /** Returns the user that the cache belongs to. */
    public FileOwner owner() {
        return owner;
    }

    /** Returns the files that this process may not read. */
    public UnreadableFiles unreadable() {
        return unreadable;
    }

    /** Returns the notes for log lines about its content. */
    public ContentNotes notes() {
        return notes;
    }

    /** False if this process must not write to the store, because it lacks the permission or the lock. */
    public boolean isWritable() {
        return writable;
    }

    public Path root() {
        return root;
    }

    /**
     * Creates the root and the missing directories above it. They get the owner of the closest existing directory.
     *
     * @throws IOException if a directory can't be created; the message names the directory
     */
    static void createRoot(Path root) throws IOException {
        Deque<Path> missing = new ArrayDeque<>();
        Path existing = root.toAbsolutePath();
        while (!Files.isDirectory(existing) && existing.getParent() != null) {
            missing.push(existing);
            existing = existing.getParent();
        }
        FileOwner owner = FileOwner.of(List.of(existing));
        for (Path directory : missing) {
            Files.createDirectories(directory);
            owner.changeOwner(directory);
        }
    }

    /**
     * Creates the root and the missing directories in it, except for {@code lts/}.
     *
     * @throws IOException if a directory can't be created; the message names the directory
     */
    public void create() throws IOException {
        createRoot(root);
        for (Path directory : List.of(
                blobs(), record(Kind.INDEX), record(Kind.IMAGE), record(Kind.OTHER), partials(), corrupt(), lists())) {
            ensureDirectory(directory);
        }
    }

    /** Returns all directories below the root, whether they exist or not. */
    public List<Path> directories() {
        return Stream.concat(contentDirectories().stream(), Stream.of(partials(), corrupt(), lists()))
                .toList();
    }

    /** Returns the files in the root except for the lock and the admin token, whether they exist or not. */
    public List<Path> rootFiles() {
        return List.of(verifiedIndex(), indexSnapshot(), scrubTimeFile(), pullTimes(), lockInfo());
    }

    /** Returns the directories of the records, whether they exist or not. */
    public Set<Path> recordDirectories() {
        Set<Path> records = new HashSet<>();
        Stream.of(Kind.values()).map(this::record).forEach(records::add);
        return records;
    }

    /** True if the root has at least one directory of a cache. */
    boolean exists() {
        return Stream.of(blobs(), record(Kind.INDEX), record(Kind.IMAGE), record(Kind.LATEST))
                .anyMatch(Files::isDirectory);
    }

    /** Returns the directories of blobs and records, whether they exist or not. */
    List<Path> contentDirectories() {
        return Stream.concat(Stream.of(blobs()), Stream.of(Kind.values()).map(this::record))
                .toList();
    }

    /**
     * Prepares a write into a directory: creates the directory if it was removed. Never creates the root, because its
     * volume may not be mounted.
     *
     * @throws IOException if the directory can't be created, or if this layout is read-only
     */
    public void ensureDirectory(Path directory) throws IOException {
        checkWritable();
        if (Files.isDirectory(directory)) {
            return;
        }
        try {
            Files.createDirectory(directory);
            owner.changeOwner(directory);
        } catch (FileAlreadyExistsException e) {
            if (!Files.isDirectory(directory)) {
                throw e;
            }
        }
    }

    /**
     * Opens a file for writing, and creates it if it does not exist.
     *
     * @param more options in addition to {@code CREATE} and {@code WRITE}
     */
    public FileChannel open(Path file, StandardOpenOption... more) throws IOException {
        Set<OpenOption> options = new HashSet<>(List.of(more));
        options.add(StandardOpenOption.CREATE);
        options.add(StandardOpenOption.WRITE);
        FileChannel channel = FileChannel.open(file, options);
        try {
            owner.changeOwner(file);
            return channel;
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /**
     * Opens a file for writing as {@link #open} does, and creates its directory if it was removed.
     *
     * @throws IOException if the file or the directory can't be created, or if this layout is read-only
     */
    public FileChannel openInDirectory(Path file, StandardOpenOption... more) throws IOException {
        checkWritable();
        try {
            return open(file, more);
        } catch (NoSuchFileException removed) {
            ensureDirectory(Objects.requireNonNull(file.getParent()));
            return open(file, more);
        }
    }

    /**
     * Forces to disk that files were created, renamed or deleted in a directory. Concurrent callers share a force (ADR
     * 40).
     */
    public void forceDirectory(Path directory) throws IOException {
        directoryForces
                .computeIfAbsent(
                        directory, path -> new GroupCommit(() -> DurableRename.forceDirectory(path.resolve("."))))
                .await();
    }

    private void checkWritable() throws FileSystemException {
        if (!writable) {
            throw new FileSystemException(root.toString(), null, "it is served read-only");
        }
    }

    /** Writes a text to a file without forcing it to disk: a crash may lose the text. */
    public void write(Path file, String text, StandardOpenOption option) throws IOException {
        try (FileChannel channel = open(file, option)) {
            write(channel, ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
        }
    }

    static void write(FileChannel channel, ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
    }

    /** Returns the staging directory of a directory, for files that are renamed into it or out of it. */
    static Path stagingDirectory(Path directory) {
        return directory.resolve(STAGING);
    }

    public Path blobs() {
        return root.resolve("blobs");
    }

    public Path blob(Digest digest) {
        return blobs().resolve(name(digest));
    }

    public Path partials() {
        return root.resolve("partial");
    }

    public Path partial(Digest digest, RegistryName source) {
        return partials().resolve(name(digest) + SOURCE + name(source));
    }

    public Path record(Kind kind) {
        return root.resolve(kind.directory);
    }

    public Path record(Kind kind, Digest digest) {
        return record(kind).resolve(name(digest));
    }

    /** Returns the digest in the file name of a record, or of a conflicting copy that Syncthing kept. */
    public static Optional<Digest> recordDigest(Path file) {
        String name = String.valueOf(file.getFileName());
        int conflict = name.indexOf(CONFLICT);
        String hex = conflict < 0 ? name : name.substring(0, conflict);
        return RECORD.matcher(hex).matches() ? Optional.of(new Digest(Digest.Algorithm.SHA256, hex)) : Optional.empty();
    }

    /** True for a conflicting copy that Syncthing kept beside a file. */
    public static boolean isConflict(Path file) {
        return String.valueOf(file.getFileName()).contains(CONFLICT);
    }

    public Path corrupt() {
        return root.resolve("corrupt");
    }

    /** Returns the path in the quarantine of a file that is quarantined at the given time. */
    Path quarantineTarget(Path file, Instant now) {
        boolean isRecord =
                Stream.of(Kind.values()).anyMatch(kind -> record(kind).equals(file.getParent()));
        String kind = isRecord ? "." + file.getName(file.getNameCount() - 2) : "";
        return corrupt().resolve(file.getFileName() + "." + now.toEpochMilli() + kind);
    }

    /** Returns the file that says why a file is in quarantine. */
    public static Path reasonFile(Path quarantined) {
        return quarantined.resolveSibling(quarantined.getFileName() + ".reason");
    }

    /** True for a record in quarantine. */
    public static boolean isQuarantinedRecord(Path file) {
        String name = String.valueOf(file.getFileName());
        return Stream.of(Kind.values()).anyMatch(kind -> name.endsWith("." + kind.directory));
    }

    /** Returns the digest in the file name of a record in quarantine. */
    public static Optional<Digest> quarantinedDigest(Path file) {
        String hex = String.valueOf(file.getFileName()).split("\\.", 2)[0];
        return RECORD.matcher(hex).matches() ? Optional.of(new Digest(Digest.Algorithm.SHA256, hex)) : Optional.empty();
    }

    public Path lists() {
        return root.resolve("lists");
    }

    public Path list(ListName name) {
        String key = Digest.of(name.toString().getBytes(StandardCharsets.UTF_8)).hex();
        return lists().resolve(name.kind() + "-" + key);
    }

    public Path confirmedLinks() {
        return lists().resolve("links");
    }

    public Path verifiedIndex() {
        return root.resolve("verified");
    }

    public Path indexSnapshot() {
        return root.resolve("records");
    }

    public Path scrubTimeFile() {
        return root.resolve("scrubbed");
    }

    public Path pullTimes() {
        return root.resolve("pulled");
    }

    Path lock() {
        return root.resolve(".lock");
    }

    Path lockInfo() {
        return root.resolve(".lock.info");
    }

    /** Returns the file with the checkpoints of a partial file. */
    public static Path checkpoints(Path partial) {
        return partial.resolveSibling(partial.getFileName() + CHECKPOINTS);
    }

    public Path incompleteImage(ImageReference image) {
        String name =
                Digest.of(image.toString().getBytes(StandardCharsets.UTF_8)).hex();
        return partials().resolve(name + INCOMPLETE_IMAGE);
    }

    public static boolean isIncompleteImage(Path file) {
        return String.valueOf(file.getFileName()).endsWith(INCOMPLETE_IMAGE);
    }

    /** True for a file with checkpoints. */
    public static boolean isCheckpoints(Path file) {
        return String.valueOf(file.getFileName()).endsWith(CHECKPOINTS);
    }

    /** Returns the digest in the file name of a blob, a record, or a partial file. */
    public static Optional<Digest> digestOf(Path file) {
        String name = String.valueOf(file.getFileName()).split(SOURCE, 2)[0];
        try {
            return Optional.of(Digest.parse(
                    name.indexOf('-') < 0 ? Digest.Algorithm.SHA256 + ":" + name : name.replaceFirst("-", ":")));
        } catch (RegistryException other) {
            return Optional.empty();
        }
    }

    private static String name(Digest digest) {
        return digest.algorithm() == Digest.Algorithm.SHA256 ? digest.hex() : digest.algorithm() + "-" + digest.hex();
    }

    /** Replaces a long registry name by its hash. The short form starts with a character that no registry name has. */
    private static String name(RegistryName source) {
        String name = source.toString();
        return name.length() <= MAX_SOURCE_LENGTH
                ? name
                : SOURCE + Digest.of(name.getBytes(StandardCharsets.US_ASCII)).hex();
    }

    /** The kinds of manifest records, each with a directory of its own. */
    public enum Kind {
        INDEX("fat"),
        IMAGE("img"),
        OTHER("other"),
        /** The directory of newer versions of the Go program; no record is created here. */
        LATEST("lts");

        private final String directory;

        Kind(String directory) {
            this.directory = directory;
        }
    }
}
