package io.ociregistry.registry;

import io.ociregistry.config.ServerConfig;
import io.ociregistry.oci.Descriptor;
import io.ociregistry.oci.Digest;
import io.ociregistry.store.InspectedRecord;
import io.ociregistry.store.Inspector;
import io.ociregistry.store.ManifestRecord;
import io.ociregistry.store.Pace;
import io.ociregistry.store.StoreAccess;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Looks through a whole cache: whether every record and blob is what its name says, and whether every image has all its blobs. It only reads, so
 * that it may run beside a server. Foreign layers, the blobs of attestations, and the images of an index that nobody pulled are not missed.
 */
public final class Verifier {
    /**
     * What was looked at.
     *
     * @param bytes of the blobs
     */
    public record Summary(long manifests, long blobs, long bytes, long problems) {}

    private final Inspector inspector;
    private final Consumer<Problem> told;
    private long manifests;
    private long problems;

    /**
     * Of what that finds.
     *
     * @param told of every problem, when it is found
     */
    Verifier(Inspector inspector, Consumer<Problem> told) {
        this.inspector = inspector;
        this.told = told;
    }

    /** Of a store that is open, as fast as its disk can. */
    public static Verifier of(StoreAccess access, ServerConfig config, Consumer<Problem> told) {
        return new Verifier(new Inspector(access.layout(), config.maxManifestBytes(), Pace.UNBOUNDED), told);
    }

    /** Looks through all of it, once. */
    public Summary verify() throws InterruptedException {
        Map<Digest, Problem> missing = new LinkedHashMap<>();
        inspector.records(record -> look(record, missing), finding -> tell(new Problem.BadRecord(finding)));
        Set<Digest> arriving = inspector.arriving();
        missing.values().stream()
                .filter(problem -> !arriving.contains(problem.digest()) && !isHere(problem.digest()))
                .forEach(this::tell);
        long blobs = 0;
        long bytes = 0;
        for (Digest blob : inspector.blobs()) {
            blobs++;
            bytes += inspector.size(blob).orElse(0);
            inspector.blob(blob).ifPresent(finding -> tell(new Problem.BadBlob(finding)));
        }
        return new Summary(manifests, blobs, bytes, problems);
    }

    private void look(InspectedRecord inspected, Map<Digest, Problem> missing) {
        manifests++;
        ManifestRecord record = inspected.record();
        if (!inspected.isSettled() || record.manifest().isAttestation()) {
            return;
        }
        for (Descriptor blob : record.manifest().neededBlobs()) {
            if (!isHere(blob.digest())) {
                record.references().stream()
                        .findFirst()
                        .ifPresent(image -> missing.putIfAbsent(
                                blob.digest(), new Problem.MissingBlob(image.name(), blob.digest())));
            }
        }
    }

    private boolean isHere(Digest blob) {
        return inspector.size(blob).isPresent();
    }

    private void tell(Problem problem) {
        problems++;
        told.accept(problem);
    }
}
