package io.ociregistry.registry.load;

import io.ociregistry.oci.Descriptor;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.Platform;
import io.ociregistry.oci.Platforms;
import io.ociregistry.oci.ReferrerList;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Repository;
import io.ociregistry.oci.Tag;
import io.ociregistry.registry.load.LoadOutcome.AlreadyThere;
import io.ociregistry.registry.load.LoadOutcome.Failed;
import io.ociregistry.registry.load.LoadOutcome.Loaded;
import io.ociregistry.registry.policy.ListedImage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The load of one image. What can be had of it is brought in, whatever else of it fails. */
final class ImageLoad {
    private static final Logger LOG = LoggerFactory.getLogger(ImageLoad.class);
    /** Indexes in indexes are rare, and deeper ones unheard of. */
    private static final int DEEPEST = 3;
    /** What cosign keeps beside an image, by tags. */
    private static final List<String> COSIGN = List.of("sig", "att", "sbom");

    private final LoadSession load;
    private final LoadSource source;
    private final LoadOptions options;
    private final ListedImage image;
    private final LoadProgress progress;
    private final Repository repository;
    private final LoadFetch fetch;
    private final long begun = System.nanoTime();

    // Only the thread that runs it touches these.
    private final List<RegistryException> failures = new ArrayList<>();
    /** Blobs that were seen to already: platforms share some, and images have some more than once. */
    private final Set<Digest> wanted = new HashSet<>();
    /** What signatures can refer to. */
    private final List<Digest> subjects = new ArrayList<>();

    ImageLoad(LoadSession load, LoadSource source, LoadOptions options, ListedImage image, LoadProgress progress) {
        this.load = load;
        this.source = source;
        this.options = options;
        this.image = image;
        this.progress = progress;
        this.repository = image.repository();
        this.fetch = new LoadFetch(load, source, repository, progress);
    }

    LoadOutcome run() throws InterruptedException {
        try {
            load.diskFailure().ifPresent(failure -> {
                throw failure;
            });
            Manifest manifest = bring(image.name(), 0);
            alias(manifest);
            if (options.withReferrers()) {
                for (Digest subject : List.copyOf(subjects)) {
                    referrers(subject);
                }
            }
        } catch (RegistryException e) {
            failures.add(e);
        } catch (RuntimeException e) {
            LOG.error("loading {}", image, e);
            failures.add(new RegistryException(ErrorCode.INTERNAL, "a fault of this program; its log tells more", e));
        }
        return outcome();
    }

    private LoadOutcome outcome() {
        if (!failures.isEmpty()) {
            String more = failures.size() == 1 ? "" : "; and " + (failures.size() - 1) + " more of that image";
            boolean canPass = failures.stream().allMatch(failure -> RegistryRetryBudget.canPass(failure.code()));
            return new Failed(image.toString(), failures.get(0).getMessage() + more, canPass);
        }
        return fetch.gotAnything()
                ? new Loaded(image.toString(), fetch.bytes(), Duration.ofNanos(System.nanoTime() - begun))
                : new AlreadyThere(image.toString());
    }

    /** A manifest, and what is wanted of what it names. */
    private Manifest bring(ImageReference name, int depth) throws InterruptedException {
        Manifest manifest = fetch.manifest(name);
        subjects.add(manifest.digest());
        if (manifest.mediaType().isIndex()) {
            children(manifest, depth);
        } else if (!manifest.isAttestation()) {
            blobs(manifest);
        }
        return manifest;
    }

    private void children(Manifest index, int depth) throws InterruptedException {
        Platforms.Choice choice = options.platforms().choose(index.children());
        if (depth == 0 && !choice.missing().isEmpty()) {
            failures.add(missing(choice));
        }
        for (Descriptor child : choice.chosen()) {
            try {
                if (depth < DEEPEST) {
                    bring(new ImageReference(repository, child.digest()), depth + 1);
                }
            } catch (RegistryException e) {
                failures.add(e);
            }
        }
    }

    private static RegistryException missing(Platforms.Choice choice) {
        return new RegistryException(
                ErrorCode.MANIFEST_UNKNOWN,
                "it has no image for " + list(choice.missing()) + ", "
                        + (choice.offered().isEmpty()
                                ? "nor for any other platform"
                                : "only for " + list(choice.offered())));
    }

    private static String list(List<Platform> platforms) {
        return String.join(", ", platforms.stream().map(Platform::toString).toList());
    }

    private void blobs(Manifest manifest) throws InterruptedException {
        List<Callable<Optional<RegistryException>>> work = new ArrayList<>();
        for (Descriptor blob : manifest.neededBlobs()) {
            if (!wanted.add(blob.digest())) {
                continue;
            }
            progress.expect(blob.size());
            if (source.isHere(repository, blob.digest())) {
                progress.got(blob.size());
            } else {
                work.add(() -> fetch.blob(blob));
            }
        }
        failures.addAll(load.blobs(work));
    }

    /** Where an image is listed by tag and digest, the tag is a name of it only as long as its registry says so. */
    private void alias(Manifest manifest) throws InterruptedException {
        Optional<ImageReference> tag = image.alias();
        if (tag.isEmpty() || !fetch.gotAnything() || source.cached(tag.get()).isPresent()) {
            return;
        }
        try {
            if (!fetch.ask(() -> source.name(tag.get(), manifest))) {
                LOG.info("{} means another image by now, and is left alone", tag.get());
            }
        } catch (RegistryException e) {
            LOG.info("whether {} is {} could not be asked: {}", tag.get(), manifest.digest(), e.getMessage());
        }
    }

    private void referrers(Digest subject) throws InterruptedException {
        try {
            ReferrerList list =
                    fetch.ask(() -> source.referrers(repository, subject)).list();
            for (Digest referrer : list.digests()) {
                artifact(new ImageReference(repository, referrer));
            }
            for (String kind : COSIGN) {
                signature(Tag.parse(subject.algorithm() + "-" + subject.hex() + "." + kind));
            }
        } catch (RegistryException e) {
            failures.add(e);
        }
    }

    /** There may be none. */
    private void signature(Tag tag) throws InterruptedException {
        try {
            artifact(new ImageReference(repository, tag));
        } catch (RegistryException e) {
            if (e.code() != ErrorCode.MANIFEST_UNKNOWN) {
                throw e;
            }
        }
    }

    /** What refers to an image is wanted whole. */
    private void artifact(ImageReference name) throws InterruptedException {
        Manifest manifest = fetch.manifest(name);
        blobs(manifest);
        for (Descriptor child : manifest.children()) {
            blobs(fetch.manifest(new ImageReference(repository, child.digest())));
        }
    }
}
