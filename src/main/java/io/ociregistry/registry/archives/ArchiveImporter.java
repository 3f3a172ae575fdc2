package io.ociregistry.registry.archives;

import io.ociregistry.archive.ArchiveException;
import io.ociregistry.archive.ImageArchive;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.registry.load.ImageLoader;
import io.ociregistry.registry.load.LoadListener;
import io.ociregistry.registry.load.LoadOptions;
import io.ociregistry.registry.load.LoadOutcome;
import io.ociregistry.registry.load.ResolveRef;
import io.ociregistry.registry.load.list.ImageFile;
import io.ociregistry.registry.policy.RegistryNames;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * Imports an archive: a tar or an OCI layout of docker, containerd, skopeo or {@code export} (ADR 24).
 *
 * <p>Every manifest and blob is verified before it is visible. Blobs are written to partial files, as downloads are, so
 * that an interrupted import is resumed by the next one; blobs that are cached already are not read. Imported content
 * counts as confirmed for the repositories of its names (ADR 8). Thread-safe; imports run one after the other.
 */
public final class ArchiveImporter implements ImageLoader.Importer {
    private final CacheImporter importer;
    private final Supplier<RegistryNames> names;
    private final int maxManifestBytes;
    /** One import at a time, because archives share blobs, and the disk is the limit. */
    private final ReentrantLock lock = new ReentrantLock();

    public ArchiveImporter(CacheImporter importer, Supplier<RegistryNames> names, long maxManifestBytes) {
        this.importer = importer;
        this.names = names;
        this.maxManifestBytes = (int) maxManifestBytes;
    }

    @Override
    public void load(ImageFile file, LoadOptions options, LoadListener listener) throws InterruptedException {
        String name = file.name();
        lock.lockInterruptibly();
        try {
            RegistryNames registries = names.get();
            Optional<ResolveRef> resolved = options.resolveRef().map(text -> ResolveRef.parse(text, registries));
            ImageArchive archive = ImageArchive.open(file.path(), maxManifestBytes);
            new ArchiveImport(archive, importer, options.platforms(), listener)
                    .run(new ImportedNames(archive, registries, resolved), name);
            if (archive.isRebuilt()) {
                listener.noted(
                        name + " has no manifests, so they were made from its configs and layers; its images have other"
                                + " digests here than in their registries");
            }
        } catch (ArchiveException e) {
            fail(name, e.describe(name), listener);
        } catch (RegistryException e) {
            fail(name, e.getMessage(), listener);
        } finally {
            lock.unlock();
        }
    }

    private static void fail(String archive, String why, LoadListener listener) {
        listener.found(1);
        listener.ended(new LoadOutcome.Failed(archive, why, false));
    }
}
