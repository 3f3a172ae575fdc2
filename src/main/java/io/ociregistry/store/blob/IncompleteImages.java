package io.ociregistry.store.blob;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Reference;
import io.ociregistry.store.disk.Directories;
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
 * The images that are to be brought in whole and are not yet, so that a stop or a crash does not leave half of one: a file each, that has the
 * image's name. Losing one costs what it was for, and nothing else.
 */
public final class IncompleteImages {
    private static final Logger LOG = LoggerFactory.getLogger(IncompleteImages.class);
    private static final int LONGEST = 1024;

    private final Layout layout;

    /** Those of a layout. */
    public IncompleteImages(Layout layout) {
        this.layout = layout;
    }

    /** Notes one, by its digest. */
    public void add(ImageReference image) {
        try {
            layout.prepare(layout.partials());
            layout.write(layout.pendingImage(image), image.toString(), StandardOpenOption.TRUNCATE_EXISTING);
        } catch (IOException e) {
            LOG.debug("noting that {} is to be brought in: {}", image, e.toString());
        }
    }

    /** It is here, or nobody wants it any more. */
    public void remove(ImageReference image) {
        try {
            Files.deleteIfExists(layout.pendingImage(image));
        } catch (IOException e) {
            LOG.debug("noting that {} is here: {}", image, e.toString());
        }
    }

    /** All of them. */
    public List<ImageReference> list() {
        List<ImageReference> found = new ArrayList<>();
        for (Path file : Directories.list(layout, layout.partials(), Layout::isPendingImage)) {
            read(file).ifPresent(found::add);
        }
        return found;
    }

    private static Optional<ImageReference> read(Path file) {
        try {
            String text = Files.size(file) > LONGEST ? "" : Files.readString(file, StandardCharsets.ISO_8859_1);
            return Optional.of(ImageReference.parse(text)).filter(image -> isDigest(image.reference()));
        } catch (IOException | RuntimeException torn) {
            LOG.debug("leaving out {}: {}", file, torn.toString());
            return Optional.empty();
        }
    }

    private static boolean isDigest(Reference reference) {
        return reference instanceof Digest;
    }
}
