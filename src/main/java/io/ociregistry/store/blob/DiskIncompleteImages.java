package io.ociregistry.store.blob;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Reference;
import io.ociregistry.store.IncompleteImages;
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
 * The images whose prefetch has not finished, so that it can be resumed after a stop or a crash.
 *
 * <p>Each image is a file in {@code partial/} that contains its name. If such a file is lost, the blobs of its image
 * are fetched when a client asks for them.
 */
public final class DiskIncompleteImages implements IncompleteImages {
    private static final Logger LOG = LoggerFactory.getLogger(DiskIncompleteImages.class);
    private static final int MAX_BYTES = 1024;

    private final Layout layout;

    public DiskIncompleteImages(Layout layout) {
        this.layout = layout;
    }

    @Override
    public void add(ImageReference image) {
        try {
            layout.ensureDirectory(layout.partials());
            layout.write(layout.incompleteImage(image), image.toString(), StandardOpenOption.TRUNCATE_EXISTING);
        } catch (IOException e) {
            LOG.debug("noting that {} is incomplete failed: {}", image, e.toString());
        }
    }

    @Override
    public void remove(ImageReference image) {
        try {
            Files.deleteIfExists(layout.incompleteImage(image));
        } catch (IOException e) {
            LOG.debug("noting that {} is complete failed: {}", image, e.toString());
        }
    }

    @Override
    public List<ImageReference> list() {
        List<ImageReference> found = new ArrayList<>();
        for (Path file : Directories.list(layout, layout.partials(), Layout::isIncompleteImage)) {
            read(file).ifPresent(found::add);
        }
        return found;
    }

    private static Optional<ImageReference> read(Path file) {
        try {
            String text = Files.size(file) > MAX_BYTES ? "" : Files.readString(file, StandardCharsets.ISO_8859_1);
            return Optional.of(ImageReference.parse(text)).filter(image -> isDigest(image.reference()));
        } catch (IOException | RuntimeException malformed) {
            LOG.debug("skipping {}, which names no image: {}", file, malformed.toString());
            return Optional.empty();
        }
    }

    private static boolean isDigest(Reference reference) {
        return reference instanceof Digest;
    }
}
