package io.ociregistry.registry.archives;

import io.ociregistry.archive.ArchivedImage;
import io.ociregistry.archive.ImageArchive;
import io.ociregistry.oci.Descriptor;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.Platforms;
import io.ociregistry.oci.Repository;
import io.ociregistry.registry.catalog.PrunePins;
import io.ociregistry.registry.load.ImportedImage;
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

/** The import of one archive: all blobs in the order in which they lie there, then the manifests, so that an image is whole when it is named. */
final class ArchiveImport {
    private static final int DIGESTS_TOLD = 5;

    private final ImageArchive archive;
    private final CacheImporter receipt;
    private final Platforms platforms;
    private final LoadListener listener;
    private final Map<String, LoadProgress> progress = new HashMap<>();
    private final long begun = System.nanoTime();

    ArchiveImport(ImageArchive archive, CacheImporter receipt, Platforms platforms, LoadListener listener) {
        this.archive = archive;
        this.receipt = receipt;
        this.platforms = platforms;
        this.listener = listener;
    }

    /** Brings in all of it, and tells of every image. */
    void run(ImportedNames names, String file) throws InterruptedException {
        try (PrunePins held = receipt.holding()) {
            run(plan(names, file, held));
        }
    }

    private void run(List<ImportedImage> images) throws InterruptedException {
        Map<Digest, BlobImport> wanted = new LinkedHashMap<>();
        for (ImportedImage image : images) {
            want(image, wanted);
        }
        try {
            Map<Digest, String> failed = read(wanted);
            for (ImportedImage image : images) {
                end(image, commit(image, wanted, failed));
            }
        } catch (IOException e) {
            for (ImportedImage image : images) {
                end(image, new LoadOutcome.Failed(image.name(), String.valueOf(e.getMessage()), true));
            }
        }
    }

    /** The first outcome is the one that counts. */
    private void end(ImportedImage image, LoadOutcome outcome) {
        LoadProgress left = progress.remove(image.name());
        if (left != null) {
            left.end(outcome);
        }
    }

    /** Those that can be brought in, as far as the archive tells. */
    private List<ImportedImage> plan(ImportedNames names, String file, PrunePins held) {
        archive.unreadable()
                .forEach(digest -> fail(
                        file + " " + digest,
                        "the archive lists it by a digest that is none, or of a kind unknown here"));
        List<ImportedImage> images = new ArrayList<>();
        for (Map.Entry<ArchivedImage, Set<ImageReference>> each : names.all().entrySet()) {
            ArchivedImage archived = each.getKey();
            if (each.getValue().isEmpty()) {
                fail(file + " " + archived.digest(), names.advice(archived));
                continue;
            }
            ImportedImage image = ImportPlan.of(archive, receipt, held, platforms, archived.digest(), each.getValue());
            if (image.missing().isEmpty()) {
                images.add(image);
            } else {
                fail(image.name(), "neither the archive " + file + " nor the cache has " + listed(image.missing()));
            }
        }
        return images;
    }

    private void fail(String image, String reason) {
        listener.ended(new LoadOutcome.Failed(image, reason, false));
    }

    private static String listed(List<String> what) {
        String some = String.join(", ", what.subList(0, Math.min(DIGESTS_TOLD, what.size())));
        return what.size() > DIGESTS_TOLD ? some + " and " + (what.size() - DIGESTS_TOLD) + " more" : some;
    }

    private void want(ImportedImage image, Map<Digest, BlobImport> wanted) {
        LoadProgress one = new LoadProgress(image.name(), listener);
        progress.put(image.name(), one);
        for (Descriptor blob : image.blobs()) {
            if (archive.has(blob) && !receipt.isVerified(blob.digest())) {
                one.start();
                one.expect(blob.size());
                wanted.computeIfAbsent(blob.digest(), unused -> new BlobImport(receipt, blob))
                        .wantedBy(image.repositories(), one);
            }
        }
    }

    /** Brings blobs in, and tells what is wrong with those that could not be. */
    private Map<Digest, String> read(Map<Digest, BlobImport> wanted) throws IOException, InterruptedException {
        Map<Digest, String> failed = new HashMap<>();
        try {
            pass(wanted, failed);
            // Where what an earlier attempt left was wrong, it is gone now.
            Map<Digest, BlobImport> again = new LinkedHashMap<>(wanted);
            again.keySet().retainAll(failed.keySet());
            again.values().removeIf(blob -> !blob.canBeTriedAgain());
            pass(again, failed);
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

    private LoadOutcome commit(ImportedImage image, Map<Digest, BlobImport> wanted, Map<Digest, String> failed)
            throws IOException {
        List<String> reasons = new ArrayList<>();
        long bytes = 0;
        for (Descriptor blob : image.blobs()) {
            if (failed.containsKey(blob.digest())) {
                reasons.add(failed.get(blob.digest()));
            } else if (wanted.containsKey(blob.digest())) {
                bytes += Math.max(0, blob.size());
            }
        }
        if (!reasons.isEmpty()) {
            return new LoadOutcome.Failed(image.name(), listed(reasons), false);
        }
        boolean isNews = name(image);
        return bytes == 0 && !isNews
                ? new LoadOutcome.AlreadyThere(image.name())
                : new LoadOutcome.Loaded(image.name(), bytes, Duration.ofNanos(System.nanoTime() - begun));
    }

    /** Writes down what it is called, the root last; true if something of that is new. */
    private boolean name(ImportedImage image) throws IOException {
        boolean isNews = false;
        for (Repository repository : image.repositories()) {
            image.blobs().forEach(blob -> receipt.link(blob.digest(), Set.of(repository)));
            for (Map.Entry<Digest, Manifest> part : image.manifests().entrySet()) {
                if (!part.getKey().equals(image.digest())) {
                    isNews |= name(new ImageReference(repository, part.getKey()), part.getValue());
                }
            }
        }
        Manifest root = image.manifests().get(image.digest());
        for (ImageReference name : image.names()) {
            isNews |= root != null && name(name, root);
        }
        return isNews;
    }

    private boolean name(ImageReference name, Manifest manifest) throws IOException {
        boolean isNews = !receipt.isNamed(name, manifest);
        receipt.name(name, manifest);
        return isNews;
    }
}
