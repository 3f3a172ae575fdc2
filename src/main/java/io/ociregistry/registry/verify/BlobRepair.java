package io.ociregistry.registry.verify;

import io.ociregistry.oci.Descriptor;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Repository;
import io.ociregistry.registry.load.LoadFetch;
import io.ociregistry.store.ManifestRecord;
import io.ociregistry.store.blob.BlobStore;
import io.ociregistry.store.check.Inspector;
import io.ociregistry.store.manifest.ManifestStore;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;

/** Repairs blobs: those that no image needs, as they are of attestations or of none, are put away alone. */
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
            List<Problem.OfContent> problems, Function<Repository, LoadFetch> fetching, Consumer<RepairOutcome> told)
            throws InterruptedException {
        if (problems.isEmpty()) {
            return;
        }
        Map<Digest, Map<Repository, Descriptor>> needs = new LinkedHashMap<>();
        for (Problem.OfContent problem : problems) {
            putAway(problem.digest());
            needs.put(problem.digest(), new LinkedHashMap<>());
        }
        records.forEach(record -> note(record, needs));
        for (Problem.OfContent problem : problems) {
            Map<Repository, Descriptor> those = needs.getOrDefault(problem.digest(), Map.of());
            told.accept(new RepairOutcome(problem, obstacle(problem.digest(), those, fetching)));
        }
    }

    /** Only if it is still bad: a disk may fail for a moment, and somebody may have brought it in anew. */
    private void putAway(Digest blob) throws InterruptedException {
        inspector.blob(blob).ifPresent(blobs::putAway);
    }

    private static void note(ManifestRecord record, Map<Digest, Map<Repository, Descriptor>> needs) {
        if (record.manifest().isAttestation()) {
            return;
        }
        for (Descriptor blob : record.manifest().neededBlobs()) {
            Map<Repository, Descriptor> those = needs.get(blob.digest());
            if (those != null) {
                Repair.repositories(record).forEach(repository -> those.putIfAbsent(repository, blob));
            }
        }
    }

    /** Why that blob is not here, though it is needed. */
    private Optional<String> obstacle(
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
