package io.ociregistry.registry.archives;

import io.ociregistry.archive.ArchiveException;
import io.ociregistry.archive.ArchivedImage;
import io.ociregistry.archive.ImageArchive;
import io.ociregistry.oci.Descriptor;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.Platforms;
import io.ociregistry.oci.Repository;
import io.ociregistry.registry.index.PrunePins;
import io.ociregistry.registry.load.LoadListener;
import io.ociregistry.registry.load.LoadOutcome;
import io.ociregistry.registry.load.LoadProgress;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The import of one archive: all blobs in the order of the archive, then the manifests.
 *
 * <p>In this order, an image is complete when its name is recorded. Used by one thread.
 */
final class ArchiveImport {
    private static final int MAX_LISTED = 5;

    private final ImageArchive archive;
    private final CacheImporter importer;
    private final Platforms platforms;
    private final LoadListener listener;
    private final Map<String, LoadProgress> progress = new HashMap<>();
    private final long started = System.nanoTime();

    ArchiveImport(ImageArchive archive, CacheImporter importer, Platforms platforms, LoadListener listener) {
        this.archive = archive;
        this.importer = importer;
        this.platforms = platforms;
        this.listener = listener;
    }

    /** Imports the archive, and reports each image; {@code file} is its name in errors. */
    void run(ImportedNames names, String file) throws InterruptedException {
        try (PrunePins pins = importer.openPins()) {
            run(plan(names, file, pins), file);
        }
    }

    private void run(List<ImportPlan.Image> images, String file) throws InterruptedException {
        Map<Digest, BlobImport> wanted = new LinkedHashMap<>();
        for (ImportPlan.Image image : images) {
            request(image, wanted);
        }
        try {
            Map<Digest, String> failed = read(wanted);
            for (ImportPlan.Image image : images) {
                end(image, commit(image, wanted, failed));
            }
        } catch (IOException e) {
            String reason = e instanceof ArchiveException broken ? broken.describe(file) : e.getMessage();
            for (ImportPlan.Image image : images) {
                end(image, new LoadOutcome.Failed(image.name(), String.valueOf(reason), true));
            }
        }
    }

    /** Reports the outcome of an image; later outcomes of the same image are ignored. */
    private void end(ImportPlan.Image image, LoadOutcome outcome) {
        LoadProgress unfinished = progress.remove(image.name());
        if (unfinished != null) {
            unfinished.end(outcome);
        }
    }

    /** The images that can be imported completely; the others are reported as failed. */
    private List<ImportPlan.Image> plan(ImportedNames names, String file, PrunePins pins) {
        Map<ArchivedImage, Set<ImageReference>> named = names.resolve();
        listener.found(archive.unreadable().size() + named.size());
        archive.unreadable()
                .forEach(digest -> fail(
                        file + " " + digest,
                        "the archive lists it by a malformed digest, or by one of an unsupported algorithm"));
        ImportPlan plan = new ImportPlan(archive, importer, pins, platforms);
        List<ImportPlan.Image> images = new ArrayList<>();
        for (Map.Entry<ArchivedImage, Set<ImageReference>> each : named.entrySet()) {
            ArchivedImage archived = each.getKey();
            if (each.getValue().isEmpty()) {
                fail(file + " " + archived.digest(), names.missingNameError(archived));
                continue;
            }
            ImportPlan.Image image = plan.image(archived.digest(), each.getValue());
            if (image.missing().isEmpty()) {
                images.add(image);
            } else {
                fail(image.name(), "neither the archive " + file + " nor the cache has " + joined(image.missing()));
            }
        }
        return images;
    }

    private void fail(String image, String reason) {
        listener.ended(new LoadOutcome.Failed(image, reason, false));
    }

    private static String joined(List<String> content) {
        String first = String.join(", ", content.subList(0, Math.min(MAX_LISTED, content.size())));
        return content.size() > MAX_LISTED ? first + " and " + (content.size() - MAX_LISTED) + " more" : first;
    }

    private void request(ImportPlan.Image image, Map<Digest, BlobImport> wanted) {
        LoadProgress imageProgress = new LoadProgress(image.name(), listener);
        progress.put(image.name(), imageProgress);
        for (Descriptor blob : image.blobs()) {
            if (archive.has(blob) && !importer.isVerified(blob.digest())) {
                imageProgress.start();
                imageProgress.addExpected(blob.size().orElse(0));
                wanted.computeIfAbsent(blob.digest(), unused -> new BlobImport(importer, blob))
                        .addImage(image.repositories(), imageProgress);
            }
        }
    }

    /** Imports blobs; returns the reasons of the failed ones. */
    private Map<Digest, String> read(Map<Digest, BlobImport> wanted) throws IOException, InterruptedException {
        Map<Digest, String> failed = new HashMap<>();
        try {
            pass(wanted, failed);
            // The first pass has deleted the partial files with wrong bytes, so a second pass can succeed.
            Map<Digest, BlobImport> retried = new LinkedHashMap<>(wanted);
            retried.keySet().retainAll(failed.keySet());
            retried.values().removeIf(blob -> !blob.isRetryable());
            pass(retried, failed);
        } catch (InterruptedIOException e) {
            throw new InterruptedException();
        }
        return failed;
    }

    private void pass(Map<Digest, BlobImport> wanted, Map<Digest, String> failed) throws IOException {
        archive.read(wanted.keySet(), (digest, content) -> {
            BlobImport blob = wanted.get(digest);
            if (blob != null) {
                failed.remove(digest);
                blob.receive(content).ifPresent(reason -> failed.put(digest, reason));
            }
        });
    }

    private LoadOutcome commit(ImportPlan.Image image, Map<Digest, BlobImport> wanted, Map<Digest, String> failed)
            throws IOException {
        List<String> reasons = new ArrayList<>();
        long bytes = 0;
        boolean isNew = false;
        for (Descriptor blob : image.blobs()) {
            BlobImport imported = wanted.get(blob.digest());
            if (failed.containsKey(blob.digest())) {
                reasons.add(failed.get(blob.digest()));
            } else if (imported != null) {
                bytes += imported.received();
                isNew = true;
            }
        }
        if (!reasons.isEmpty()) {
            return new LoadOutcome.Failed(image.name(), joined(reasons), false);
        }
        isNew |= name(image);
        return isNew
                ? new LoadOutcome.Loaded(image.name(), bytes, Duration.ofNanos(System.nanoTime() - started))
                : new LoadOutcome.AlreadyCached(image.name());
    }

    /** Records the names of all its manifests, the root last; true if a name is new. */
    private boolean name(ImportPlan.Image image) throws IOException {
        boolean isNew = false;
        for (Repository repository : image.repositories()) {
            image.blobs().forEach(blob -> importer.link(blob.digest(), Set.of(repository)));
            for (Map.Entry<Digest, Manifest> part : image.contents().manifests().entrySet()) {
                if (!part.getKey().equals(image.digest())) {
                    isNew |= name(new ImageReference(repository, part.getKey()), part.getValue());
                }
            }
        }
        Manifest root = image.contents().manifests().get(image.digest());
        for (ImageReference name : image.names()) {
            isNew |= root != null && name(name, root);
        }
        return isNew;
    }

    private boolean name(ImageReference name, Manifest manifest) throws IOException {
        boolean isNew = !importer.isRecorded(name, manifest);
        importer.recordName(name, manifest);
        return isNew;
    }
}
