package io.ociregistry.store;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.oci.Repository;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which repositories may show blobs that none of their manifests here names: those that their upstream confirmed.
 *
 * <p>One line each, repository and digest, only ever appended. A line that is lost or can't be read costs one question to the upstream.
 */
public final class ConfirmedLinks {
    private static final Logger LOG = LoggerFactory.getLogger(ConfirmedLinks.class);

    private final Path file;

    /** The links of a layout whose directories exist. */
    public ConfirmedLinks(Layout layout) {
        this.file = layout.confirmedLinks();
    }

    /** Tells all of them. */
    public void forEach(BiConsumer<Repository, Digest> action) {
        if (!Files.exists(file)) {
            return;
        }
        try (var lines = Files.lines(file)) {
            lines.filter(line -> !line.isEmpty()).forEach(line -> read(line, action));
        } catch (IOException | RuntimeException e) {
            LOG.warn("{} can't be read to its end, so upstreams will be asked again: {}", file, e.toString());
        }
    }

    /** Notes one; a disk that does not take it is told to the log alone. */
    public synchronized void add(Repository repository, Digest digest) {
        try (BufferedWriter out = Files.newBufferedWriter(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
            out.write("\n" + repository + " " + digest + "\n");
        } catch (IOException e) {
            LOG.error("noting in {} that {} has {}: {}", file, repository, digest, e.toString());
        }
    }

    /** Lines begin with a line feed of their own, so that one that a crash tore never runs into the next. */
    private static void read(String line, BiConsumer<Repository, Digest> action) {
        try {
            int space = line.indexOf(' ');
            int slash = line.indexOf('/');
            Repository repository =
                    new Repository(RegistryName.parse(line.substring(0, slash)), line.substring(slash + 1, space));
            action.accept(repository, Digest.parse(line.substring(space + 1)));
        } catch (RegistryException | IndexOutOfBoundsException torn) {
            LOG.warn("leaving out a line of confirmed links: {}", line);
        }
    }
}
