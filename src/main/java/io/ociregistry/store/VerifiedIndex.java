package io.ociregistry.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Which files were hashed, and how they looked then. A file that looks otherwise, or that is not in here, is hashed before anybody gets all
 * of it. Disposable: without it everything is hashed once more.
 *
 * <p>One line a file: name, size, modification time (epoch milliseconds), file key (device and inode where there are such).
 */
final class VerifiedIndex {
    private static final int FEW = 100;

    private final Layout layout;
    private final AppendedLines lines;
    /** Of every line. */
    private final Fingerprints noted = new Fingerprints();

    private final AtomicInteger forgotten = new AtomicInteger();

    VerifiedIndex(Layout layout) {
        this.layout = layout;
        this.lines = new AppendedLines(layout, layout.verifiedIndex(), "notes of verified blobs", false);
        lines.forEach(noted::add);
    }

    boolean contains(Path blob) throws IOException {
        return noted.contains(line(blob, look(blob)));
    }

    /** True if there is a note of that name, whether or not the file still looks so. */
    boolean knows(Path blob) {
        return looks.containsKey(name(blob));
    }

    /**
     * Notes that a blob has the content its name says, as long as it has that look: the one that the file had before it was hashed.
     */
    void add(Path blob, String look) {
        String line = line(blob, look);
        if (noted.add(line)) {
            lines.add(line);
        }
    }

    /** A blob is not there any more. No other file will look as it did, so its line is only of no use. */
    void forget() {
        forgotten.incrementAndGet();
    }

    /** Tries again to write what the disk did not take, and writes all anew once many lines are of no use. */
    void save() {
        if (forgotten.get() > noted.size() / 4 + FEW) {
            forgotten.set(0);
            lines.save();
            Set<String> left = new LinkedHashSet<>();
            lines.forEach(line -> {
                if (isStillSo(line)) {
                    left.add(line);
                }
            });
            lines.replace(List.copyOf(left));
        }
        lines.save();
    }

    private boolean isStillSo(String line) {
        Path blob = layout.blobs().resolve(line.split(" ", 2)[0]);
        try {
            return line.equals(line(blob, look(blob)));
        } catch (IOException gone) {
            return false;
        }
    }

    private static String line(Path blob, String look) {
        return blob.getFileName() + " " + look;
    }

    /** How a file looks now; renaming does not change that. */
    static String look(Path blob) throws IOException {
        BasicFileAttributes attributes = Files.readAttributes(blob, BasicFileAttributes.class);
        String key =
                Optional.ofNullable(attributes.fileKey()).map(Object::toString).orElse("-");
        return attributes.size() + " " + attributes.lastModifiedTime().toMillis() + " " + key;
    }
}
