package io.ociregistry.registry.verify;

import io.ociregistry.oci.Descriptor;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Repository;
import io.ociregistry.registry.load.LoadFetch;
import io.ociregistry.store.BlobStore;
import io.ociregistry.store.Inspector;
import io.ociregistry.store.ManifestRecord;
import io.ociregistry.store.ManifestStore;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Repairs corrupt and missing blobs: quarantines corrupt files, and fetches the blobs that a cached image needs. Blobs
 * of attestations, and blobs that no image names, are quarantined only.
 */
public final class BlobRepair {
    private final ManifestStore records;
    private final BlobStore blobs;
    private final Inspector inspector;
    private final boolean airGapped;

    public BlobRepair(ManifestStore records, BlobStore blobs, Inspector inspector, boolean airGapped) {
        this.records = records;
        this.blobs = blobs;
        this.inspector = inspector;
        this.airGapped = airGapped;
    }

    void repair(
            List<Problem.ContentProblem> problems,
            Function<Repository, LoadFetch> fetching,
            Consumer<RepairOutcome> report)
            throws InterruptedException {
        if (problems.isEmpty()) {
            return;
        }
        Map<Digest, Map<Repository, Descriptor>> neededBy = new LinkedHashMap<>();
        for (Problem.ContentProblem problem : problems) {
            quarantineIfCorrupt(problem.digest());
            neededBy.put(problem.digest(), new LinkedHashMap<>());
        }
        records.forEach(record -> addNeeds(record, neededBy));
        for (Problem.ContentProblem problem : problems) {
            Map<Repository, Descriptor> needs = neededBy.getOrDefault(problem.digest(), Map.of());
            report.accept(new RepairOutcome(problem, fetch(problem.digest(), needs, fetching)));
        }
    }

    /** Reads the blob again first: a disk error may have passed, and the blob may have been fetched again. */
    private void quarantineIfCorrupt(Digest blob) throws InterruptedException {
        inspector.verifyBlob(blob).ifPresent(blobs::quarantine);
    }

    private static void addNeeds(ManifestRecord record, Map<Digest, Map<Repository, Descriptor>> neededBy) {
        if (record.manifest().isAttestation()) {
            return;
        }
        for (Descriptor blob : record.manifest().distributableBlobs()) {
            Map<Repository, Descriptor> needs = neededBy.get(blob.digest());
            if (needs != null) {
                Repair.repositories(record).forEach(repository -> needs.putIfAbsent(repository, blob));
            }
        }
    }

    /** Fetches the blob if an image needs it. Returns why it is still missing; empty if it is cached or not needed. */
    private Optional<String> fetch(
            Digest digest, Map<Repository, Descriptor> needs, Function<Repository, LoadFetch> fetching)
            throws InterruptedException {
        if (needs.isEmpty() || blobs.contains(digest)) {
            return Optional.empty();
        }
        if (airGapped) {
            return Optional.of(Repair.AIR_GAPPED);
        }
        Optional<RegistryException> failure = Optional.empty();
        for (Map.Entry<Repository, Descriptor> need : needs.entrySet()) {
            failure = fetching.apply(need.getKey()).blob(need.getValue());
            if (failure.isEmpty() || failure.get().code() == ErrorCode.STORE_FAILED) {
                break;
            }
        }
        return failure.map(RegistryException::getMessage);
    }
}
