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
 * What is known of a partial file, in a file beside it: where it comes from, and the digests of what it began with (DECISIONS 18).
 *
 * <p>The first line names the repository. Each following one has a position and the digest of all bytes before it, and is written after those
 * bytes were forced to the disk. A line takes back all before it that tell of the same or a later position. Lines that can't be read count as
 * absent. Losing the file costs bytes that have to be fetched again, never correctness. Validators of HTTP are of no use here: content is
 * named by its digest, and entity tags differ from one storage host to the next.
 */
public final class Checkpoints {
    private static final Logger LOG = LoggerFactory.getLogger(Checkpoints.class);

    /** After so many bytes of a file the digest was this. */
    record Checkpoint(long position, Digest digest) {}

    private final Layout layout;
    private final Path file;
    private final List<Checkpoint> found;

    private Checkpoints(Layout layout, Path file, List<Checkpoint> found) {
        this.layout = layout;
        this.file = file;
        this.found = List.copyOf(found);
    }

    /** Those of a partial file of that size; where there are none yet, a file is begun. */
    static Checkpoints open(Layout layout, Path partial, Repository source, long size) {
        Path file = Layout.checkpoints(partial);
        List<String> lines = read(file);
        if (lines.stream().findFirst().flatMap(Checkpoints::repository).isPresent()) {
            return new Checkpoints(layout, file, parse(lines, size));
        }
        Checkpoints none = new Checkpoints(layout, file, List.of());
        none.write(source + "\n", StandardOpenOption.TRUNCATE_EXISTING);
        return none;
    }

    /** For a file that is not received. */
    static Checkpoints none(Layout layout, Path file) {
        return new Checkpoints(layout, Layout.checkpoints(file), List.of());
    }

    /** Where the content of a partial file came from, if that is noted. */
    public static Optional<Repository> source(Path partial) {
        return read(Layout.checkpoints(partial)).stream().findFirst().flatMap(Checkpoints::repository);
    }

    public static void delete(Path partial) throws IOException {
        Files.deleteIfExists(Layout.checkpoints(partial));
    }

    /** Those that an earlier attempt left, in the order of their positions. */
    List<Checkpoint> found() {
        return found;
    }

    /** The position of the last of them; 0 if there are none. */
    long last() {
        return found.isEmpty() ? 0 : found.get(found.size() - 1).position();
    }

    /** Notes one. The bytes before it are on the disk already. */
    void add(long position, Digest digest) {
        // Begins with a line feed of its own, so that a line that a crash tore never runs into the next.
        write("\n" + position + " " + digest + "\n", StandardOpenOption.APPEND);
    }

    private void write(String text, StandardOpenOption how) {
        try {
            layout.write(file, text, how);
        } catch (IOException e) {
            LOG.debug("noting in {} how far a download got: {}", file, e.toString());
        }
    }

    private static List<String> read(Path file) {
        try {
            // Not as UTF-8, which not everything is that a disk can hold.
            return Files.exists(file) ? Files.readAllLines(file, StandardCharsets.ISO_8859_1) : List.of();
        } catch (IOException e) {
            LOG.warn("{} can't be read, so what it tells of is fetched again: {}", file, e.toString());
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
        } catch (RegistryException torn) {
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
        } catch (RegistryException torn) {
            return Optional.empty();
        }
    }
}
