package io.ociregistry.registry.verify;

import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Repository;
import io.ociregistry.registry.content.ContentSource;
import io.ociregistry.registry.index.RecordWatcher;
import io.ociregistry.registry.load.LoadListener;
import io.ociregistry.registry.load.LoadOptions;
import io.ociregistry.registry.load.LoadSession;
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
 * Repairs the problems that a {@link Verifier} found: quarantines corrupt files, and fetches the content that images
 * need in the same way as a load.
 *
 * <p>Each problem is checked again first, so content that was repaired in the meantime is not touched. Holds no lock
 * while it reads or waits.
 */
public final class Repair {
    static final String AIR_GAPPED =
            "this cache is air-gapped, so nothing is fetched; load the image with load --image-file";

    private static final String UNREADABLE = "it was not touched; run the command in its report, and verify again";

    private final RecordWatcher recordWatcher;
    private final ContentSource source;
    private final Supplier<LoadOptions> options;
    private final ManifestRepair manifests;
    private final BlobRepair blobs;

    public Repair(
            RecordWatcher recordWatcher,
            ContentSource source,
            Supplier<LoadOptions> options,
            ManifestRepair manifests,
            BlobRepair blobs) {
        this.recordWatcher = recordWatcher;
        this.source = source;
        this.options = options;
        this.manifests = manifests;
        this.blobs = blobs;
    }

    /**
     * Repairs problems and reports the outcome of each: manifests first, because these name the blobs that are needed.
     * Waits until the index of the cache is read.
     */
    public void repair(List<Problem> problems, Consumer<RepairOutcome> report) throws InterruptedException {
        awaitIndex();
        List<Problem.ContentProblem> records = new ArrayList<>();
        List<Problem.ContentProblem> others = new ArrayList<>();
        for (Problem problem : problems) {
            if (problem instanceof Problem.ContentProblem content) {
                (isOfRecord(content) ? records : others).add(content);
            } else {
                report.accept(new RepairOutcome(problem, Optional.of(UNREADABLE)));
            }
        }
        try (LoadSession load = new LoadSession(source, options.get(), new LoadListener() {})) {
            manifests.repair(records, load::fetch, report);
            blobs.repair(others, load::fetch, report);
        }
    }

    private static boolean isOfRecord(Problem problem) {
        return problem instanceof Problem.CorruptRecord || problem instanceof Problem.LostManifest;
    }

    private void awaitIndex() throws InterruptedException {
        try {
            recordWatcher
                    .whenReady(() -> CompletableFuture.completedStage(null))
                    .toCompletableFuture()
                    .get();
        } catch (ExecutionException e) {
            throw new IllegalStateException("reading the index of the cache failed", e.getCause());
        }
    }

    /** Returns the repositories in which a manifest has a name. */
    static List<Repository> repositories(ManifestRecord record) {
        return record.references().stream()
                .map(RecordedReference::name)
                .map(ImageReference::repository)
                .distinct()
                .toList();
    }
}
