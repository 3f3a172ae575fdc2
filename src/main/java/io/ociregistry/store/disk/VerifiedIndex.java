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
 * Which files were hashed, and how they looked then. A file that looks otherwise, or that is not in here, is hashed before anybody gets all
 * of it. Disposable: without it everything is hashed once more.
 *
 * <p>One line a file: name, size, modification time (epoch milliseconds), file key (device and inode where there are such); or the name
 * and {@code gone}. The last line of a name counts.
 */
public final class VerifiedIndex {
    private static final int FEW = 100;
    /** What stands behind the name of a blob that was deleted. */
    private static final String GONE = " gone";

    private final Layout layout;
    private final AppendOnlyFile lines;
    /** Of every line. */
    private final HashSet64 noted = new HashSet64();

    private final AtomicInteger forgotten = new AtomicInteger();

    public VerifiedIndex(Layout layout) {
        this.layout = layout;
        this.lines = new AppendOnlyFile(layout, layout.verifiedIndex(), "notes of verified blobs", false);
        lines.forEach(noted::add);
    }

    public boolean contains(Path blob) throws IOException {
        return noted.contains(line(blob, look(blob)));
    }

    /** Those of these blobs that were verified once and are not forgotten, whether or not they are still there. Reads the whole file. */
    public Set<Digest> known(Set<Digest> blobs) {
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
     * Notes that a blob has the content its name says, as long as it has that look: the one that the file had before it was hashed.
     */
    public void add(Path blob, String look) {
        String line = line(blob, look);
        if (noted.add(line)) {
            lines.add(line);
        }
    }

    /** A blob was deleted. */
    public void forget(Path blob) {
        lines.add(name(blob) + GONE);
        forgotten.incrementAndGet();
    }

    /** Tries again to write what the disk did not take, and writes all anew once many lines are of what was forgotten. */
    public void save() {
        lines.save();
        if (forgotten.get() > noted.size() / 4 + FEW) {
            forgotten.set(0);
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

    private static String line(Path blob, String look) {
        return name(blob) + " " + look;
    }

    private static String name(Path blob) {
        return String.valueOf(blob.getFileName());
    }

    /** How a file looks now; renaming does not change that. */
    public static String look(Path blob) throws IOException {
        BasicFileAttributes attributes = Files.readAttributes(blob, BasicFileAttributes.class);
        String key =
                Optional.ofNullable(attributes.fileKey()).map(Object::toString).orElse("-");
        return attributes.size() + " " + attributes.lastModifiedTime().toMillis() + " " + key;
    }
}
