package io.ociregistry.store;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.oci.Repository;
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

    private final AppendedLines lines;

    /** The links of a layout. */
    public ConfirmedLinks(Layout layout) {
        this.lines = new AppendedLines(layout, layout.confirmedLinks(), "confirmed links");
    }

    /** Tells all of them. */
    public void forEach(BiConsumer<Repository, Digest> action) {
        lines.forEach(line -> read(line, action));
    }

    /** Notes one. */
    public void add(Repository repository, Digest digest) {
        lines.add(repository + " " + digest);
    }

    /** Tries again to write what the disk did not take. */
    public void save() {
        lines.save();
    }

    private static void read(String line, BiConsumer<Repository, Digest> action) {
        try {
            int space = line.indexOf(' ');
            int slash = line.indexOf('/');
            Repository repository =
                    new Repository(RegistryName.parse(line.substring(0, slash)), line.substring(slash + 1, space));
            action.accept(repository, Digest.parse(line.substring(space + 1)));
        } catch (RegistryException | IndexOutOfBoundsException torn) {
            LOG.warn("leaving out a line of confirmed links that is torn, {} characters", line.length());
        }
    }
}
