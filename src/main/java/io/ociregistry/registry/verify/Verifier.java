package io.ociregistry.registry.verify;

import io.ociregistry.common.ProgressListener;
import io.ociregistry.oci.Descriptor;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.store.Inspector;
import io.ociregistry.store.Inspector.InspectedRecord;
import io.ociregistry.store.Inspector.ReadThrottle;
import io.ociregistry.store.Store;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Verifies a whole cache: every file can be read, every record and blob matches its file name, and every image has all
 * its blobs.
 *
 * <p>Reads only, so it may run beside a server. Foreign layers, the blobs of attestations, and images of an index that
 * no client pulled do not count as missing. One thread uses it.
 */
public final class Verifier {
    /**
     * The number of files verified so far.
     *
     * @param bytes the size of the blobs
     * @param recent findings that do not count as problems, because a file was written in the last minute and the rest
     *     may still be in flight
     */
    public record Summary(long manifests, long blobs, long bytes, long problems, long recent) {}

    private final Inspector inspector;
    private final Consumer<Problem> onProblem;
    private final BlobReads reads;
    private long manifests;
    private long blobs;
    private long bytes;
    private long problems;
    private long recentIncomplete;

    /**
     * Creates a verifier that reads by an inspector.
     *
     * @param onProblem gets each problem when it is found
     */
    Verifier(Inspector inspector, Consumer<Problem> onProblem) {
        this(inspector, onProblem, new BlobReads(ProgressListener.NONE));
    }

    private Verifier(Inspector inspector, Consumer<Problem> onProblem, BlobReads reads) {
        this.inspector = inspector;
        this.onProblem = onProblem;
        this.reads = reads;
    }

    /**
     * Returns a verifier of an open store that reads as fast as the disk can.
     *
     * @param progress gets the bytes of the blobs that were read
     */
    public static Verifier of(Store store, Consumer<Problem> onProblem, ProgressListener progress) {
        BlobReads reads = new BlobReads(progress);
        return new Verifier(store.inspector(reads), onProblem, reads);
    }

    /** Counts the bytes that are read of blobs, and limits no read. */
    private static final class BlobReads implements ReadThrottle {
        private final ProgressListener progress;
        private long done;
        private long total;

        BlobReads(ProgressListener progress) {
            this.progress = progress;
        }

        /** Starts to count after the records were read. */
        void start(long bytes) {
            total = bytes;
        }

        @Override
        public void throttle(long bytes) {
            if (total > 0) {
                done += bytes;
                progress.progressed(done, total);
            }
        }
    }

    /** Verifies the whole cache, once. */
    public Summary verify() throws InterruptedException {
        inspector.findUnreadable((location, why) -> report(new Problem.Unreadable(location, why)));
        verifyRecords();
        List<Digest> all = blobs();
        reads.start(
                all.stream().mapToLong(blob -> inspector.size(blob).orElse(0)).sum());
        for (Digest blob : all) {
            verifyBlob(blob);
        }
        return summary();
    }

    Summary summary() {
        return new Summary(manifests, blobs, bytes, problems, recentIncomplete + inspector.recentlyModified());
    }

    /** Verifies every record, and checks that the blobs that it needs are cached. */
    void verifyRecords() throws InterruptedException {
        Map<Digest, IncompleteImage> missing = new LinkedHashMap<>();
        inspector.readRecords(record -> verify(record, missing), finding -> report(new Problem.CorruptRecord(finding)));
        inspector.lostRecords().forEach(lost -> report(new Problem.LostManifest(lost)));
        Set<Digest> arriving = inspector.inFlight();
        // Checked again, because the blob may have been pulled, or the image pruned, in the meantime.
        missing.forEach((blob, image) -> {
            if (!arriving.contains(blob) && !isHere(blob) && inspector.hasRecord(image.manifest)) {
                report(new Problem.MissingBlob(image.name, blob));
            }
        });
    }

    List<Digest> blobs() {
        return inspector.blobs();
    }

    void verifyBlob(Digest blob) throws InterruptedException {
        blobs++;
        bytes += inspector.size(blob).orElse(0);
        inspector.verifyBlob(blob).ifPresent(finding -> report(new Problem.CorruptBlob(finding)));
    }

    private record IncompleteImage(ImageReference name, Digest manifest) {}

    private void verify(InspectedRecord inspected, Map<Digest, IncompleteImage> missing) {
        manifests++;
        Manifest manifest = inspected.record().manifest();
        if (manifest.isAttestation()) {
            return;
        }
        if (!inspected.isSettled()) {
            recentIncomplete += manifest.distributableBlobs().stream().allMatch(blob -> isHere(blob.digest())) ? 0 : 1;
            return;
        }
        for (Descriptor blob : manifest.distributableBlobs()) {
            if (!isHere(blob.digest())) {
                inspected.record().references().stream()
                        .findFirst()
                        .map(reference -> new IncompleteImage(reference.name(), manifest.digest()))
                        .ifPresent(image -> missing.putIfAbsent(blob.digest(), image));
            }
        }
    }

    private boolean isHere(Digest blob) {
        return inspector.size(blob).isPresent();
    }

    private void report(Problem problem) {
        problems++;
        onProblem.accept(problem);
    }
}
