package io.ociregistry.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Which files were hashed, and how they looked then. A file that looks otherwise, or that is not in here, is hashed before anybody gets all
 * of it. Disposable: without it everything is hashed once more.
 *
 * <p>One line a file: name, size, modification time (epoch milliseconds), file key (device and inode where there are such). Later lines win.
 */
final class VerifiedIndex {
    private static final int FEW = 100;

    private final AppendedLines lines;
    private final Map<String, String> looks = new ConcurrentHashMap<>();

    private final AtomicInteger forgotten = new AtomicInteger();

    VerifiedIndex(Layout layout) {
        this.lines = new AppendedLines(layout, layout.verifiedIndex(), "notes of verified blobs", false);
        lines.forEach(line -> {
            String[] parts = line.split(" ", 2);
            if (parts.length == 2) {
                looks.put(parts[0], parts[1]);
            }
        });
    }

    boolean contains(Path blob) throws IOException {
        return look(blob).equals(looks.get(name(blob)));
    }

    /**
     * Notes that a blob has the content its name says, as long as it has that look: the one that the file had before it was hashed.
     */
    void add(Path blob, String look) {
        if (!look.equals(looks.put(name(blob), look))) {
            lines.add(name(blob) + " " + look);
        }
    }

    /** Forgets a blob that is not there any more. */
    void forget(Path blob) {
        if (looks.remove(name(blob)) != null) {
            forgotten.incrementAndGet();
        }
    }

    /** Tries again to write what the disk did not take, and writes all anew once many lines are of what is gone. */
    void save() {
        if (forgotten.get() > looks.size() / 4 + FEW) {
            forgotten.set(0);
            List<String> left = new ArrayList<>();
            looks.forEach((name, look) -> left.add(name + " " + look));
            lines.replace(left);
        }
        lines.save();
    }

    private static String name(Path blob) {
        return String.valueOf(blob.getFileName());
    }

    /** How a file looks now; renaming does not change that. */
    static String look(Path blob) throws IOException {
        BasicFileAttributes attributes = Files.readAttributes(blob, BasicFileAttributes.class);
        String key =
                Optional.ofNullable(attributes.fileKey()).map(Object::toString).orElse("-");
        return attributes.size() + " " + attributes.lastModifiedTime().toMillis() + " " + key;
    }
}
