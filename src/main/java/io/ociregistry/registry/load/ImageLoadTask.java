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
import io.ociregistry.registry.content.ContentSource;
import io.ociregistry.registry.load.LoadOutcome.AlreadyCached;
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

/**
 * The load of one image. If a part fails, the other parts are loaded nevertheless.
 *
 * <p>Used by one thread; {@link LoadFetch#blob} runs on the threads of the session.
 */
final class ImageLoadTask {
    private static final Logger LOG = LoggerFactory.getLogger(ImageLoadTask.class);
    /** The maximum nesting of indexes; an index in an index is rare already. */
    private static final int MAX_DEPTH = 3;
    /** The suffixes of the tags by which cosign stores signatures and attestations of an image. */
    private static final List<String> COSIGN_SUFFIXES = List.of("sig", "att", "sbom");

    private final LoadSession session;
    private final ContentSource source;
    private final LoadOptions options;
    private final ListedImage image;
    private final LoadProgress progress;
    private final Repository repository;
    private final LoadFetch fetch;
    private final long started = System.nanoTime();

    // Confined to the thread that runs the load.
    private final List<RegistryException> failures = new ArrayList<>();
    /** Blobs that are handled already: platforms share blobs, and an image may name a blob twice. */
    private final Set<Digest> handled = new HashSet<>();
    /** The manifests that signatures may refer to. */
    private final List<Digest> subjects = new ArrayList<>();

    ImageLoadTask(LoadSession session, ListedImage image, LoadProgress progress) {
        this.session = session;
        this.source = session.source();
        this.options = session.options();
        this.image = image;
        this.progress = progress;
        this.repository = image.repository();
        this.fetch = new LoadFetch(session, repository, progress);
    }

    LoadOutcome run() throws InterruptedException {
        try {
            session.diskFailure().ifPresent(failure -> {
                throw failure;
            });
            Manifest manifest = fetchTree(image.name(), 0);
            recordAlias(manifest);
            if (options.withReferrers()) {
                for (Digest subject : List.copyOf(subjects)) {
                    fetchReferrers(subject);
                }
            }
        } catch (RegistryException e) {
            failures.add(e);
        } catch (RuntimeException e) {
            LOG.error("loading {}", image, e);
            failures.add(new RegistryException(ErrorCode.INTERNAL, "internal error; see the log", e));
        }
        return outcome();
    }

    private LoadOutcome outcome() {
        if (!failures.isEmpty()) {
            String more = failures.size() == 1 ? "" : "; and " + (failures.size() - 1) + " more failures of this image";
            boolean canPass = failures.stream().allMatch(failure -> RegistryRetryBudget.isTransient(failure.code()));
            return new Failed(image.toString(), failures.get(0).getMessage() + more, canPass);
        }
        return fetch.fetchedAnything()
                ? new Loaded(image.toString(), fetch.bytes(), Duration.ofNanos(System.nanoTime() - started))
                : new AlreadyCached(image.toString());
    }

    /** Fetches a manifest, and the children and blobs that the options select. */
    private Manifest fetchTree(ImageReference name, int depth) throws InterruptedException {
        Manifest manifest = fetch.manifest(name);
        subjects.add(manifest.digest());
        if (manifest.mediaType().isIndex()) {
            fetchChildren(manifest, depth);
        } else if (!manifest.isAttestation()) {
            fetchBlobs(manifest);
        }
        return manifest;
    }

    private void fetchChildren(Manifest index, int depth) throws InterruptedException {
        Platforms.Choice choice = options.platforms().choose(index.children());
        if (depth == 0 && !choice.missing().isEmpty()) {
            failures.add(missing(choice));
        }
        for (Descriptor child : choice.chosen()) {
            try {
                if (depth < MAX_DEPTH) {
                    fetchTree(new ImageReference(repository, child.digest()), depth + 1);
                }
            } catch (RegistryException e) {
                failures.add(e);
            }
        }
    }

    private static RegistryException missing(Platforms.Choice choice) {
        return new RegistryException(
                ErrorCode.MANIFEST_UNKNOWN,
                "its index has no image for " + join(choice.missing()) + ", "
                        + (choice.offered().isEmpty()
                                ? "nor for any other platform"
                                : "only for " + join(choice.offered())));
    }

    private static String join(List<Platform> platforms) {
        return String.join(", ", platforms.stream().map(Platform::toString).toList());
    }

    private void fetchBlobs(Manifest manifest) throws InterruptedException {
        List<Callable<Optional<RegistryException>>> work = new ArrayList<>();
        for (Descriptor blob : manifest.distributableBlobs()) {
            if (!handled.add(blob.digest())) {
                continue;
            }
            progress.addExpected(blob.size().orElse(0));
            if (source.isCached(repository, blob.digest())) {
                progress.addStored(blob.size().orElse(0));
            } else {
                work.add(() -> fetch.blob(blob));
            }
        }
        failures.addAll(session.fetchBlobs(work));
    }

    /** Records the tag of an image that is listed by tag and digest, if its registry confirms that the tag means it. */
    private void recordAlias(Manifest manifest) throws InterruptedException {
        Optional<ImageReference> tag = image.alias();
        if (tag.isEmpty()
                || !fetch.fetchedAnything()
                || source.cached(tag.get()).isPresent()) {
            return;
        }
        try {
            if (!fetch.awaitWithRetries(() -> source.recordTag(tag.get(), manifest))) {
                LOG.info("{} means another image in its registry now, so the tag is not recorded", tag.get());
            }
        } catch (RegistryException e) {
            LOG.info(
                    "tag {} of {} is not recorded, its registry did not confirm it: {}",
                    tag.get(),
                    manifest.digest(),
                    e.getMessage());
        }
    }

    private void fetchReferrers(Digest subject) throws InterruptedException {
        try {
            ReferrerList list = fetch.awaitWithRetries(() -> source.referrers(repository, subject))
                    .list();
            for (Digest referrer : list.digests()) {
                fetchArtifact(new ImageReference(repository, referrer));
            }
            for (String suffix : COSIGN_SUFFIXES) {
                fetchSignature(Tag.parse(subject.algorithm() + "-" + subject.hex() + "." + suffix));
            }
        } catch (RegistryException e) {
            failures.add(e);
        }
    }

    /** Fetches a signature; a missing one is no failure. */
    private void fetchSignature(Tag tag) throws InterruptedException {
        try {
            fetchArtifact(new ImageReference(repository, tag));
        } catch (RegistryException e) {
            if (e.code() != ErrorCode.MANIFEST_UNKNOWN) {
                throw e;
            }
        }
    }

    /** Fetches a referrer with all its blobs, for all platforms. */
    private void fetchArtifact(ImageReference name) throws InterruptedException {
        Manifest manifest = fetch.manifest(name);
        fetchBlobs(manifest);
        for (Descriptor child : manifest.children()) {
            fetchBlobs(fetch.manifest(new ImageReference(repository, child.digest())));
        }
    }
}
