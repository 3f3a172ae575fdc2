package io.ociregistry.store.disk;

import io.ociregistry.oci.Digest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The list of the blobs that were hashed, each with the stamp that its file had then.
 *
 * <p>A file that is not in the index, or has another stamp now, is hashed before a client gets its last byte. The index
 * is disposable: without it every blob is hashed once more. Thread-safe.
 *
 * <p>Each line has the name of the file, its size, its modification time (epoch milliseconds) and its file key (device
 * and inode, or {@code -}); or the name and {@code gone}. The last line of a name is valid.
 */
public final class VerifiedIndex {
    /** The index is compacted when more blobs were deleted than a quarter of its lines and this number. */
    private static final int MIN_DELETED = 100;
    /** Follows the name of a blob that was deleted. */
    private static final String GONE = " gone";

    private final Layout layout;
    private final AppendOnlyFile lines;
    /** The hashes of all lines. */
    private final HashSet64 hashes = new HashSet64();

    private final AtomicInteger deleted = new AtomicInteger();

    public VerifiedIndex(Layout layout) {
        this.layout = layout;
        this.lines = new AppendOnlyFile(layout, layout.verifiedIndex(), "lines for verified blobs", false);
        lines.forEach(hashes::add);
    }

    /** True if this blob was verified when its file had this stamp. */
    public boolean contains(Path blob, String fileStamp) {
        return hashes.contains(line(blob, fileStamp));
    }

    /** Returns the given blobs that were verified once and not deleted by this store. Reads the whole index file. */
    public Set<Digest> verifiedBefore(Set<Digest> blobs) {
        Map<String, Digest> asked = new HashMap<>();
        blobs.forEach(digest -> asked.put(name(layout.blob(digest)), digest));
        Set<Digest> known = new HashSet<>();
        lines.forEach(line -> {
            Digest digest = asked.get(nameIn(line));
            if (digest != null && isGone(line)) {
                known.remove(digest);
            } else if (digest != null) {
                known.add(digest);
            }
        });
        return known;
    }

    /**
     * Adds a blob whose content has the digest in its name.
     *
     * @param fileStamp the stamp that the file had before it was hashed
     */
    public void add(Path blob, String fileStamp) {
        String line = line(blob, fileStamp);
        if (hashes.add(line)) {
            lines.add(line);
        }
    }

    /** Records that a blob was deleted. */
    public void remove(Path blob) {
        lines.add(name(blob) + GONE);
        deleted.incrementAndGet();
    }

    /** Tries to write the unwritten lines, and compacts the file if many of its blobs were deleted. */
    public void flush() {
        lines.flush();
        if (deleted.get() > hashes.size() / 4 + MIN_DELETED) {
            deleted.set(0);
            Set<String> gone = new HashSet<>();
            lines.forEach(line -> {
                if (isGone(line)) {
                    gone.add(nameIn(line));
                } else {
                    gone.remove(nameIn(line));
                }
            });
            Set<String> left = new LinkedHashSet<>();
            lines.forEach(line -> {
                if (!isGone(line) && !gone.contains(nameIn(line))) {
                    left.add(line);
                }
            });
            lines.replace(List.copyOf(left));
        }
    }

    private static boolean isGone(String line) {
        return line.endsWith(GONE);
    }

    private static String nameIn(String line) {
        return line.substring(0, Math.max(0, line.indexOf(' ')));
    }

    private static String line(Path blob, String fileStamp) {
        return name(blob) + " " + fileStamp;
    }

    private static String name(Path blob) {
        return String.valueOf(blob.getFileName());
    }

    /** Returns size, modification time and file key of a file as text. A rename does not change this stamp. */
    public static String fileStamp(Path blob) throws IOException {
        return fileStamp(Files.readAttributes(blob, BasicFileAttributes.class));
    }

    /** Returns the same stamp as {@link #fileStamp(Path)} from attributes that were read already. */
    public static String fileStamp(BasicFileAttributes attributes) {
        String key =
                Optional.ofNullable(attributes.fileKey()).map(Object::toString).orElse("-");
        return attributes.size() + " " + attributes.lastModifiedTime().toMillis() + " " + key;
    }
}
