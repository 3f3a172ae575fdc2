package io.ociregistry.registry.load;

import io.ociregistry.oci.RegistryException;
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
 * Brings images into the cache before anybody asks for them, so that they are there when the network is not.
 *
 * <p>An image is what its name means, the images of the wanted platforms if that is an index, and all blobs of these but foreign layers. It comes
 * through the same registry as what clients ask for: once for all who want it, resumed, verified, within the limits of its registry, and after
 * what clients wait for. What is here already asks nobody, unless the rule for its tag says so. One image that fails stops no other.
 */
public final class ImageLoader {
    private final LoadSource source;
    private final Supplier<RegistryNames> names;
    private final FileImporter importer;

    public ImageLoader(LoadSource source, Supplier<RegistryNames> names, FileImporter importer) {
        this.source = source;
        this.names = names;
        this.importer = importer;
    }

    /**
     * Loads all of a plan and waits for its end. Any number of loads may run at the same time.
     *
     * @throws InterruptedException if the calling thread is interrupted: then it stops, the listener hears nothing more, and what has arrived stays,
     *     parts of blobs too
     */
    public LoadSummary load(LoadPlan plan, LoadOptions options, LoadListener listener) throws InterruptedException {
        LoadCounters tally = new LoadCounters(listener);
        Set<ListedImage> images = images(plan, tally);
        try (LoadSession running = new LoadSession(source, options, tally)) {
            List<Callable<Void>> work = new ArrayList<>();
            images.forEach(image -> work.add(() -> running.load(image)));
            archives(plan, options, tally).forEach(file -> work.add(() -> load(file, options, tally)));
            running.all(work);
        }
        LoadSummary summary = tally.summary();
        listener.finished(summary);
        return summary;
    }

    /** None if one name is said of several: it would be that of the last. */
    private List<ImageFile> archives(LoadPlan plan, LoadOptions options, LoadListener tally) {
        List<ImageFile> archives = plan.archives();
        if (archives.size() < 2 || !isNamed(options)) {
            return archives;
        }
        String why = "--resolve-ref names one image, and there are " + archives.size()
                + " archives; load them one by one, or say a repository without a tag";
        archives.forEach(file -> tally.ended(new LoadOutcome.Failed(file.path().toString(), why, false)));
        return List.of();
    }

    /** One that can't be parsed is told of with each archive. */
    private boolean isNamed(LoadOptions options) {
        try {
            return options.resolveRef()
                    .filter(text -> ResolveRef.parse(text, names.get()) instanceof ResolveRef.Whole)
                    .isPresent();
        } catch (RegistryException e) {
            return false;
        }
    }

    private Void load(ImageFile file, LoadOptions options, LoadListener tally) throws InterruptedException {
        importer.load(file, options, tally);
        return null;
    }

    /** Each once, however often it is listed. */
    private Set<ListedImage> images(LoadPlan plan, LoadListener tally) {
        Set<ListedImage> images = new LinkedHashSet<>();
        RegistryNames now = names.get();
        for (ListedLine line : plan.lines()) {
            try {
                images.add(ListedImage.parse(line.text(), now));
            } catch (RegistryException e) {
                tally.ended(new LoadOutcome.Failed(line.place(), e.getMessage(), false));
            }
        }
        return images;
    }
}
