package io.ociregistry.store.download;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.oci.Repository;
import io.ociregistry.store.disk.Layout;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The checkpoints of a partial file, in a file beside it that also names the repository of the content (ADR 9).
 *
 * <p>The first line is the repository. Each further line has a position and the digest of all bytes before it, and is
 * written after these bytes were forced to disk. A line replaces all earlier lines with the same or a later position.
 * Unreadable lines are ignored. Without the file, bytes have to be fetched again, but nothing becomes wrong. HTTP
 * validators are not used: content is addressed by its digest, and entity tags differ between storage hosts.
 */
public final class Checkpoints {
    private static final Logger LOG = LoggerFactory.getLogger(Checkpoints.class);

    /**
     * The digest of the first bytes of a file.
     *
     * @param position how many bytes the digest covers
     */
    record Checkpoint(long position, Digest digest) {}

    private final Layout layout;
    private final Path file;
    private final List<Checkpoint> found;
    /** The first line of a file that does not exist yet; empty if the file exists. */
    private String firstLine;

    private Checkpoints(Layout layout, Path file, List<Checkpoint> found, String firstLine) {
        this.layout = layout;
        this.file = file;
        this.found = List.copyOf(found);
        this.firstLine = firstLine;
    }

    /**
     * Reads the checkpoints of a partial file of the given size. A file that names no repository is replaced. A file
     * that does not exist is written by {@link #create} or with the first checkpoint.
     */
    static Checkpoints open(Layout layout, Path partial, Repository source, long size) {
        Path file = Layout.checkpoints(partial);
        if (!Files.exists(file)) {
            return new Checkpoints(layout, file, List.of(), source + "\n");
        }
        List<String> lines = read(file);
        if (lines.stream().findFirst().flatMap(Checkpoints::repository).isPresent()) {
            return new Checkpoints(layout, file, parse(lines, size), "");
        }
        Checkpoints none = new Checkpoints(layout, file, List.of(), source + "\n");
        none.create();
        return none;
    }

    /** Returns an empty list of checkpoints, for a file that is verified and not received. */
    static Checkpoints none(Layout layout, Path file) {
        return new Checkpoints(layout, Layout.checkpoints(file), List.of(), "");
    }

    /** Returns the repository that the content of a partial file came from, if its checkpoints name one. */
    public static Optional<Repository> source(Path partial) {
        return read(Layout.checkpoints(partial)).stream().findFirst().flatMap(Checkpoints::repository);
    }

    public static void delete(Path partial) throws IOException {
        Files.deleteIfExists(Layout.checkpoints(partial));
    }

    /** Returns the checkpoints of earlier attempts, in the order of their positions. */
    List<Checkpoint> list() {
        return found;
    }

    /** Returns the position of the last checkpoint of earlier attempts; 0 if there is none. */
    long lastPosition() {
        return found.isEmpty() ? 0 : found.get(found.size() - 1).position();
    }

    /** Creates the file, which names the repository of the content, unless it exists. */
    void create() {
        if (!firstLine.isEmpty()) {
            write("");
        }
    }

    /** Deletes the file, if there is one. */
    void delete() throws IOException {
        if (firstLine.isEmpty()) {
            Files.deleteIfExists(file);
        }
    }

    /** Appends a checkpoint. The caller has forced the bytes before it to disk. */
    void add(long position, Digest digest) {
        // The line feed in front separates it from a line that a crash left incomplete.
        write("\n" + position + " " + digest + "\n");
    }

    private void write(String text) {
        boolean isNew = !firstLine.isEmpty();
        try {
            layout.write(
                    file, firstLine + text, isNew ? StandardOpenOption.TRUNCATE_EXISTING : StandardOpenOption.APPEND);
            firstLine = "";
        } catch (IOException e) {
            LOG.debug("writing checkpoints to {} failed: {}", file, e.toString());
        }
    }

    private static List<String> read(Path file) {
        try {
            // Every byte is valid ISO 8859-1. Invalid UTF-8 would make the whole file unreadable.
            return Files.exists(file) ? Files.readAllLines(file, StandardCharsets.ISO_8859_1) : List.of();
        } catch (IOException e) {
            LOG.warn("reading {} failed, so its partial file is fetched again from the start: {}", file, e.toString());
            return List.of();
        }
    }

    private static List<Checkpoint> parse(List<String> lines, long size) {
        List<Checkpoint> checkpoints = new ArrayList<>();
        for (String line : lines.subList(1, lines.size())) {
            checkpoint(line).ifPresent(checkpoint -> {
                checkpoints.removeIf(earlier -> earlier.position() >= checkpoint.position());
                checkpoints.add(checkpoint);
            });
        }
        checkpoints.removeIf(checkpoint -> checkpoint.position() == 0 || checkpoint.position() > size);
        return checkpoints;
    }

    private static Optional<Checkpoint> checkpoint(String line) {
        String[] parts = line.split(" ", 2);
        try {
            return parts.length == 2 && parts[0].matches("[0-9]{1,18}")
                    ? Optional.of(new Checkpoint(Long.parseLong(parts[0]), Digest.parse(parts[1])))
                    : Optional.empty();
        } catch (RegistryException malformed) {
            return Optional.empty();
        }
    }

    private static Optional<Repository> repository(String line) {
        int slash = line.indexOf('/');
        try {
            return slash < 0
                    ? Optional.empty()
                    : Optional.of(
                            new Repository(RegistryName.parse(line.substring(0, slash)), line.substring(slash + 1)));
        } catch (RegistryException malformed) {
            return Optional.empty();
        }
    }
}
