package io.ociregistry.store;

import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which files were hashed, and how they looked then. A file that looks otherwise, or that is not in here, is hashed before anybody gets all
 * of it. Disposable: without it everything is hashed once more.
 *
 * <p>One line a file: name, size, modification time (epoch milliseconds), file key (device and inode where there are such). Later lines win.
 */
final class VerifiedIndex {
    private static final Logger LOG = LoggerFactory.getLogger(VerifiedIndex.class);

    private final Path index;
    private final Map<String, String> looks = new ConcurrentHashMap<>();

    VerifiedIndex(Path file) {
        this.index = file;
        load();
    }

    boolean contains(Path blob) throws IOException {
        return look(blob).equals(looks.get(name(blob)));
    }

    /**
     * Notes that a blob has the content its name says, as long as it has that look: the one that the file had before it was hashed.
     * Losing the note costs time, not correctness.
     */
    void add(Path blob, String look) throws IOException {
        if (look.equals(looks.put(name(blob), look))) {
            return;
        }
        synchronized (this) {
            try (BufferedWriter out =
                    Files.newBufferedWriter(index, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
                out.write(name(blob) + " " + look + "\n");
            }
        }
    }

    private void load() {
        if (!Files.exists(index)) {
            return;
        }
        try (var lines = Files.lines(index)) {
            lines.map(line -> line.split(" ", 2))
                    .filter(parts -> parts.length == 2)
                    .forEach(parts -> looks.put(parts[0], parts[1]));
        } catch (IOException | RuntimeException e) {
            LOG.warn("{} can't be read, so every blob will be hashed once more: {}", index, e.toString());
        }
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
