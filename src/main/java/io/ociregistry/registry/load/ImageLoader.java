package io.ociregistry.registry.load;

import io.ociregistry.oci.RegistryException;
import io.ociregistry.registry.content.ContentSource;
import io.ociregistry.registry.load.list.ImageFile;
import io.ociregistry.registry.load.list.ListedLine;
import io.ociregistry.registry.load.list.LoadPlan;
import io.ociregistry.registry.policy.ListedImage;
import io.ociregistry.registry.policy.RegistryNames;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.Supplier;

/**
 * Loads images into the cache ahead of requests, so that they are available without a network.
 *
 * <p>An image consists of the manifest of its name, the images of the selected platforms if that is an index, and all
 * their blobs except foreign layers. Loads use the same downloads as clients: shared, resumed, verified, within the
 * limits of the registry, and at a lower priority than clients. A cached image causes no request, unless the rule of
 * its tag requires a revalidation. A failed image does not stop the others. Thread-safe.
 */
public final class ImageLoader {
    private final ContentSource source;
    private final Supplier<RegistryNames> names;
    private final Importer importer;

    /** Imports the images of a file: a tarball, compressed or not, or an OCI layout. */
    public interface Importer {
        /**
         * Imports all images that the options select, and reports each to the listener, but not the end of the load.
         *
         * <p>A file that can't be used is reported as one failed image with the name of the file. No content of a file
         * causes an exception.
         *
         * @throws InterruptedException if the calling thread is interrupted; then the import stops
         */
        void load(ImageFile file, LoadOptions options, LoadListener listener) throws InterruptedException;
    }

    public ImageLoader(ContentSource source, Supplier<RegistryNames> names, Importer importer) {
        this.source = source;
        this.names = names;
        this.importer = importer;
    }

    /**
     * Loads all images of a plan and waits for the end. Any number of loads may run concurrently.
     *
     * @throws InterruptedException if the calling thread is interrupted; then the load stops, the listener gets no more
     *     calls, and downloaded content stays, including partial files
     */
    public LoadSummary load(LoadPlan plan, LoadOptions options, LoadListener listener) throws InterruptedException {
        LoadSummary summary;
        try (LoadSession session = new LoadSession(source, options, listener)) {
            List<Callable<Void>> work = new ArrayList<>();
            images(plan, session).forEach(image -> work.add(() -> session.load(image)));
            archives(plan, session).forEach(file -> work.add(() -> load(file, session)));
            session.runAll(work);
            summary = session.summary();
        }
        listener.finished(summary);
        return summary;
    }

    /** Fails all archives if {@code --resolve-ref} gives one name to several: the name would mean the last one. */
    private List<ImageFile> archives(LoadPlan plan, LoadSession session) {
        List<ImageFile> archives = plan.archives();
        if (archives.size() < 2 || !isNamed(session.options())) {
            return archives;
        }
        String why = "--resolve-ref names one image, and there are " + archives.size()
                + " archives; load them one by one, or give a repository without a tag";
        session.found(archives.size());
        archives.forEach(file -> session.ended(new LoadOutcome.Failed(file.name(), why, false)));
        return List.of();
    }

    /** False for a malformed {@code --resolve-ref}, which each archive reports. */
    private boolean isNamed(LoadOptions options) {
        try {
            return options.resolveRef()
                    .filter(text -> ResolveRef.parse(text, names.get()) instanceof ResolveRef.FullName)
                    .isPresent();
        } catch (RegistryException e) {
            return false;
        }
    }

    private Void load(ImageFile file, LoadSession session) throws InterruptedException {
        importer.load(file, session.options(), session);
        return null;
    }

    /** The listed images, without duplicates; malformed lines are reported as failed. */
    private Set<ListedImage> images(LoadPlan plan, LoadSession session) {
        Set<ListedImage> images = new LinkedHashSet<>();
        RegistryNames registries = names.get();
        List<LoadOutcome> malformed = new ArrayList<>();
        for (ListedLine line : plan.lines()) {
            try {
                images.add(ListedImage.parse(line.text(), registries));
            } catch (RegistryException e) {
                malformed.add(new LoadOutcome.Failed(line.location(), e.getMessage(), false));
            }
        }
        session.found(images.size() + malformed.size());
        malformed.forEach(session::ended);
        return images;
    }
}
