package io.ociregistry.registry.verify;

import io.ociregistry.config.ServerConfig;
import io.ociregistry.oci.Descriptor;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.store.ReadPace;
import io.ociregistry.store.check.InspectedRecord;
import io.ociregistry.store.check.Inspector;
import io.ociregistry.store.disk.StoreAccess;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Looks through a whole cache: whether every file can be read, every record and blob is what its name says, and every
 * image has all its blobs. It only reads, so that it may run beside a server. Foreign layers, the blobs of
 * attestations, and the images of an index that nobody pulled are not missed.
 */
public final class Verifier {
    /**
     * What was looked at.
     *
     * @param bytes of the blobs
     * @param young what is no problem only because it came in the last minute, and the rest of it may still be on its way
     */
    public record Summary(long manifests, long blobs, long bytes, long problems, long young) {}

    private final Inspector inspector;
    private final Consumer<Problem> told;
    private long manifests;
    private long blobs;
    private long bytes;
    private long problems;
    private long lacking;

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
        return new Verifier(new Inspector(access.layout(), config.maxManifestBytes(), ReadPace.UNBOUNDED), told);
    }

    /** Looks through all of it, once. */
    public Summary verify() throws InterruptedException {
        inspector.unreadable((file, why) -> tell(new Problem.Unreadable(file, why)));
        lookAtRecords();
        for (Digest blob : blobs()) {
            lookAt(blob);
        }
        return summary();
    }

    /** What was looked at so far. */
    Summary summary() {
        return new Summary(manifests, blobs, bytes, problems, lacking + inspector.young());
    }

    /** Looks at every record, and for the blobs that it needs. */
    void lookAtRecords() throws InterruptedException {
        Map<Digest, Lacking> missing = new LinkedHashMap<>();
        inspector.records(record -> look(record, missing), finding -> tell(new Problem.BadRecord(finding)));
        inspector.lost().forEach(lost -> tell(new Problem.LostManifest(lost)));
        Set<Digest> arriving = inspector.arriving();
        // Looked at again: what was pulled or pruned meanwhile lacks nothing.
        missing.forEach((blob, lacking) -> {
            if (!arriving.contains(blob) && !isHere(blob) && inspector.hasRecord(lacking.manifest)) {
                tell(new Problem.MissingBlob(lacking.image, blob));
            }
        });
    }

    /** The blobs that are to be looked at. */
    List<Digest> blobs() {
        return inspector.blobs();
    }

    /** Looks at one. */
    void lookAt(Digest blob) throws InterruptedException {
        blobs++;
        bytes += inspector.size(blob).orElse(0);
        inspector.blob(blob).ifPresent(finding -> tell(new Problem.BadBlob(finding)));
    }

    /** An image that lacks a blob. */
    private record Lacking(ImageReference image, Digest manifest) {}

    private void look(InspectedRecord inspected, Map<Digest, Lacking> missing) {
        manifests++;
        Manifest manifest = inspected.record().manifest();
        if (manifest.isAttestation()) {
            return;
        }
        if (!inspected.isSettled()) {
            lacking += manifest.neededBlobs().stream().allMatch(blob -> isHere(blob.digest())) ? 0 : 1;
            return;
        }
        for (Descriptor blob : manifest.neededBlobs()) {
            if (!isHere(blob.digest())) {
                inspected.record().references().stream()
                        .findFirst()
                        .ifPresent(image ->
                                missing.putIfAbsent(blob.digest(), new Lacking(image.name(), manifest.digest())));
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
