package io.ociregistry.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Which files were hashed, and how they looked then. A file that looks otherwise, or that is not in here, is hashed before anybody gets all
 * of it. Disposable: without it everything is hashed once more.
 *
 * <p>One line a file: name, size, modification time (epoch milliseconds), file key (device and inode where there are such). Later lines win.
 */
final class VerifiedIndex {
    private final AppendedLines lines;
    private final Map<String, String> looks = new ConcurrentHashMap<>();

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

    /** Tries again to write what the disk did not take. */
    void save() {
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
