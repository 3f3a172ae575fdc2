package io.ociregistry.store.disk;

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
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Where everything lies, and the only type that makes files and directories there, but for the secret of the admin API.
 * Nothing else knows a file name.
 *
 * <pre>
 * &lt;imagePath&gt;/
 *   blobs/&lt;hex&gt;      verified blobs, file name = sha256 (other algorithms: &lt;alg&gt;-&lt;hex&gt;)
 *   fat/&lt;hex&gt;        one JSON record per manifest list or index
 *   img/&lt;hex&gt;        one JSON record per image manifest
 *   other/&lt;hex&gt;      one JSON record per manifest of another type; the Go program never looks here
 *   lts/&lt;hex&gt;        records of either kind that newer versions of the Go program wrote; stay where they are
 *   partial/         downloads in flight or interrupted (named like the blob, and by their registry), each beside its *.checkpoints,
 *                    images that are to be brought in whole (*.image: the sha256 of the name in it), and files being written (*.tmp)
 *   corrupt/         quarantined files, each beside a .reason; never served. &lt;name&gt;.&lt;milliseconds&gt;, of a record with the directory
 *                    that it was in after it (.img): as long as there is no other record of its digest, its blobs are kept for it
 *   lists/           tags and referrers as upstreams last told them, one JSON file each (tags-&lt;hex&gt;, referrers-&lt;hex&gt;; the hex is
 *                    the sha256 of the key in it), and links that an upstream confirmed
 *   verified         disposable: which blobs were hashed, and how their files looked then
 *   records          disposable: what the records say, and how their files looked when they were read
 *   scrubbed         disposable: when the last pass began that read the whole cache
 *   pulled           of this machine alone: when clients got manifests last, as far as their records do not tell yet
 *   admin-token      of this machine alone: what operators show the admin API, for the server's user alone to read
 *   .lock            held by the one process that writes; .lock.info says which
 * </pre>
 *
 * <p>Each directory may be a link, or a mount point of another file system: what can't be renamed into it from {@code
 * partial/} is copied into {@code .partial/} in it first.
 *
 * <p>New files belong to the owner of the cache, also those that root makes.
 */
public final class Layout {
    private static final String SOURCE = "@";
    private static final String ASIDE = ".partial";
    private static final String CHECKPOINTS = ".checkpoints";
    private static final String PENDING = ".image";
    private static final String CONFLICT = ".sync-conflict-";
    private static final Pattern RECORD = Pattern.compile("[a-f0-9]{64}");

    /**
     * A file's name has 255 bytes at most. A digest takes up to 135 of them and what is beside it 12; a registry's name can have 259.
     */
    private static final int LONGEST_SOURCE = 100;

    private final Path root;
    private final boolean writable;
    private final FileOwner owner;
    private final UnreadableFiles unreadable;

    /** The layout under a root; nothing is created yet, and new files belong to the user of this process. */
    public Layout(Path root) {
        this(root, true, FileOwner.UNKNOWN, new UnreadableFiles(root));
    }

    private Layout(Path root, boolean writable, FileOwner owner, UnreadableFiles unreadable) {
        this.root = root;
        this.writable = writable;
        this.owner = owner;
        this.unreadable = unreadable;
    }

    /** The same, and nothing is ever written there. */
    public Layout readOnly() {
        return new Layout(root, false, owner, unreadable);
    }

    /** The same, and new files belong to the user that the directories belong to now. */
    Layout owned() {
        List<Path> directories =
                Stream.concat(Stream.of(root), directories().stream()).toList();
        return new Layout(root, writable, FileOwner.of(directories), unreadable);
    }

    /** The user that the cache belongs to. */
    public FileOwner owner() {
        return owner;
    }

    /** What is there and can't be read. */
    public UnreadableFiles unreadable() {
        return unreadable;
    }

    /** False if this process must not write there, because it can't, or because it has not got the lock. */
    public boolean isWritable() {
        return writable;
    }

    public Path root() {
        return root;
    }

    /**
     * Creates the root, and what is missing of the directories above it. They belong to the owner of the directory that
     * is there.
     *
     * @throws IOException if that fails; the message names the directory
     */
    static void createRoot(Path root) throws IOException {
        Deque<Path> missing = new ArrayDeque<>();
        Path there = root.toAbsolutePath();
        while (!Files.isDirectory(there) && there.getParent() != null) {
            missing.push(there);
            there = there.getParent();
        }
        FileOwner owner = FileOwner.of(List.of(there));
        for (Path directory : missing) {
            Files.createDirectories(directory);
            owner.give(directory);
        }
    }

    /**
     * Creates what is missing.
     *
     * @throws IOException if that fails; the message names the directory
     */
    public void create() throws IOException {
        createRoot(root);
        for (Path directory : List.of(
                blobs(), record(Kind.INDEX), record(Kind.IMAGE), record(Kind.OTHER), partials(), corrupt(), lists())) {
            prepare(directory);
        }
    }

    /** All directories below the root, whether they are there or not. */
    public List<Path> directories() {
        return Stream.concat(contents().stream(), Stream.of(partials(), corrupt(), lists()))
                .toList();
    }

    /** The files in the root that are no secret, whether they are there or not; but for the lock. */
    public List<Path> notes() {
        return List.of(verifiedIndex(), snapshot(), scrubbed(), pullTimes(), lockInfo());
    }

    /** The directories of manifest records, whether they are there or not. */
    public Set<Path> records() {
        Set<Path> records = new HashSet<>();
        Stream.of(Kind.values()).map(this::record).forEach(records::add);
        return records;
    }

    /** True if something of a cache is there. */
    boolean isThere() {
        return Stream.of(blobs(), record(Kind.INDEX), record(Kind.IMAGE), record(Kind.LATEST))
                .anyMatch(Files::isDirectory);
    }

    /** The directories of what is cached; not all of them need be there. */
    List<Path> contents() {
        return Stream.concat(Stream.of(blobs()), Stream.of(Kind.values()).map(this::record))
                .toList();
    }

    /**
     * To be called before something is written into a directory: makes it anew if somebody removed it. Never the root, whose volume may just
     * not be mounted.
     *
     * @throws IOException if nothing can, or must, be written there
     */
    public void prepare(Path directory) throws IOException {
        if (!writable) {
            throw new FileSystemException(root.toString(), null, "it is served read-only");
        }
        if (Files.isDirectory(directory)) {
            return;
        }
        try {
            Files.createDirectory(directory);
            owner.give(directory);
        } catch (FileAlreadyExistsException e) {
            if (!Files.isDirectory(directory)) {
                throw e;
            }
        }
    }

    /**
     * Opens a file to write to, and makes it if it is not there.
     *
     * @param how besides that
     */
    public FileChannel open(Path file, StandardOpenOption... how) throws IOException {
        Set<OpenOption> options = new HashSet<>(List.of(how));
        options.add(StandardOpenOption.CREATE);
        options.add(StandardOpenOption.WRITE);
        FileChannel channel = FileChannel.open(file, options);
        try {
            owner.give(file);
            return channel;
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /** Writes a text to a file that nobody misses after a crash. */
    public void write(Path file, String text, StandardOpenOption how) throws IOException {
        try (FileChannel channel = open(file, how)) {
            write(channel, ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
        }
    }

    static void write(FileChannel channel, ByteBuffer buffer) throws IOException {
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
    }

    /**
     * A directory in that one for files that are renamed into that one, or from there: always on the same file system.
     */
    static Path aside(Path directory) {
        return directory.resolve(ASIDE);
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

    /** The digest that a record's file is named by, also one that a sync tool kept beside it after a conflict. */
    public static Optional<Digest> recordDigest(Path file) {
        String name = String.valueOf(file.getFileName());
        int conflict = name.indexOf(CONFLICT);
        String hex = conflict < 0 ? name : name.substring(0, conflict);
        return RECORD.matcher(hex).matches() ? Optional.of(new Digest(Digest.Algorithm.SHA256, hex)) : Optional.empty();
    }

    /** True for what Syncthing keeps beside a file. */
    public static boolean isConflict(Path file) {
        return String.valueOf(file.getFileName()).contains(CONFLICT);
    }

    public Path corrupt() {
        return root.resolve("corrupt");
    }

    /** Where a bad file goes at a time. */
    Path quarantined(Path file, Instant now) {
        boolean isRecord =
                Stream.of(Kind.values()).anyMatch(kind -> record(kind).equals(file.getParent()));
        String kind = isRecord ? "." + file.getName(file.getNameCount() - 2) : "";
        return corrupt().resolve(file.getFileName() + "." + now.toEpochMilli() + kind);
    }

    /** Why a file is quarantined. */
    public static Path reason(Path quarantined) {
        return quarantined.resolveSibling(quarantined.getFileName() + ".reason");
    }

    /** True for a file in quarantine that was a record. */
    public static boolean isQuarantinedRecord(Path file) {
        String name = String.valueOf(file.getFileName());
        return Stream.of(Kind.values()).anyMatch(kind -> name.endsWith("." + kind.directory));
    }

    /** The digest that a record in quarantine is named by. */
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

    public Path snapshot() {
        return root.resolve("records");
    }

    public Path scrubbed() {
        return root.resolve("scrubbed");
    }

    public Path pullTimes() {
        return root.resolve("pulled");
    }

    Path adminToken() {
        return root.resolve("admin-token");
    }

    Path lock() {
        return root.resolve(".lock");
    }

    Path lockInfo() {
        return root.resolve(".lock.info");
    }

    /** What is known of a partial file. */
    public static Path checkpoints(Path partial) {
        return partial.resolveSibling(partial.getFileName() + CHECKPOINTS);
    }

    public Path pendingImage(ImageReference image) {
        String name =
                Digest.of(image.toString().getBytes(StandardCharsets.UTF_8)).hex();
        return partials().resolve(name + PENDING);
    }

    public static boolean isPendingImage(Path file) {
        return String.valueOf(file.getFileName()).endsWith(PENDING);
    }

    /** True for what is known of a partial file, which is named like it. */
    public static boolean isCheckpoints(Path file) {
        return String.valueOf(file.getFileName()).endsWith(CHECKPOINTS);
    }

    /** The digest that a blob, a record, or a partial file is named by. */
    public static Optional<Digest> digestOf(Path partial) {
        String name = String.valueOf(partial.getFileName()).split(SOURCE, 2)[0];
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

    /** No registry's name begins like the short form, so they can't be mixed up. */
    private static String name(RegistryName source) {
        String name = source.toString();
        return name.length() <= LONGEST_SOURCE
                ? name
                : SOURCE + Digest.of(name.getBytes(StandardCharsets.US_ASCII)).hex();
    }

    /** The kinds of manifest records, each with a directory of its own. */
    public enum Kind {
        INDEX("fat"),
        IMAGE("img"),
        OTHER("other"),
        /** Never written to by us but in place. */
        LATEST("lts");

        private final String directory;

        Kind(String directory) {
            this.directory = directory;
        }
    }
}
