package io.ociregistry.registry.verify;

import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Repository;
import io.ociregistry.registry.catalog.RecordWatcher;
import io.ociregistry.registry.load.LoadFetch;
import io.ociregistry.registry.load.LoadListener;
import io.ociregistry.registry.load.LoadOptions;
import io.ociregistry.registry.load.LoadProgress;
import io.ociregistry.registry.load.LoadSession;
import io.ociregistry.registry.load.LoadSource;
import io.ociregistry.store.ManifestRecord;
import io.ociregistry.store.RecordedReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Does something about what a {@link Verifier} found: puts away what is bad, fetches again, as loads do, what is needed, and looks again. Holds no
 * lock while it reads or waits; what somebody repaired meanwhile is left alone.
 */
public final class Repair {
    static final String AIR_GAPPED =
            "this cache is air-gapped, so nothing is fetched; bring it in again with load --image-file";

    private static final String UNREADABLE = "it is left alone; run the command that is named there, and verify again";

    private static final LoadListener NOBODY = new LoadListener() {};

    private final RecordWatcher discovery;
    private final LoadSource source;
    private final Supplier<LoadOptions> options;
    private final ManifestRepair manifests;
    private final BlobRepair blobs;

    public Repair(
            RecordWatcher discovery,
            LoadSource source,
            Supplier<LoadOptions> options,
            ManifestRepair manifests,
            BlobRepair blobs) {
        this.discovery = discovery;
        this.source = source;
        this.options = options;
        this.manifests = manifests;
        this.blobs = blobs;
    }

    /** Repairs what can be; manifests first, since they say who needs the blobs. Tells of every problem what became of it. */
    public void repair(List<Problem> problems, Consumer<RepairOutcome> told) throws InterruptedException {
        awaitDiscovery();
        List<Problem.OfContent> records = new ArrayList<>();
        List<Problem.OfContent> others = new ArrayList<>();
        for (Problem problem : problems) {
            if (problem instanceof Problem.OfContent content) {
                (isOfRecord(content) ? records : others).add(content);
            } else {
                told.accept(new RepairOutcome(problem, Optional.of(UNREADABLE)));
            }
        }
        try (LoadSession load = new LoadSession(source, options.get(), NOBODY)) {
            manifests.repair(records, repository -> fetch(load, repository), told);
            blobs.repair(others, repository -> fetch(load, repository), told);
        }
    }

    private static boolean isOfRecord(Problem problem) {
        return problem instanceof Problem.BadRecord || problem instanceof Problem.LostManifest;
    }

    private void awaitDiscovery() throws InterruptedException {
        try {
            discovery
                    .whenReady(() -> CompletableFuture.completedStage(null))
                    .toCompletableFuture()
                    .get();
        } catch (ExecutionException e) {
            throw new IllegalStateException("reading the index of the cache", e.getCause());
        }
    }

    private LoadFetch fetch(LoadSession load, Repository repository) {
        return new LoadFetch(load, source, repository, new LoadProgress(repository.toString(), NOBODY));
    }

    /** Those in which a manifest has a name. */
    static List<Repository> repositories(ManifestRecord record) {
        return record.references().stream()
                .map(RecordedReference::name)
                .map(ImageReference::repository)
                .distinct()
                .toList();
    }
}
