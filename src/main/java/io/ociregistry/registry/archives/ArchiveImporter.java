package io.ociregistry.registry.archives;

import io.ociregistry.archive.ArchiveException;
import io.ociregistry.archive.ImageArchive;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.registry.load.FileImporter;
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
 * Brings in what an archive holds: a tar or a layout that docker, containerd, skopeo or {@code export} made.
 *
 * <p>Every manifest and every blob is verified before it is visible, and comes through the partial files that downloads come through: an import
 * that was interrupted goes on when it is run again, and what is here already is not read. What an operator loads counts as confirmed for the
 * repositories that it is named by (ADR 8).
 */
public final class ArchiveImporter implements FileImporter {
    private final CacheImporter receipt;
    private final Supplier<RegistryNames> names;
    private final int longestManifest;
    /** Archives share blobs, and a disk is no faster for two. */
    private final ReentrantLock oneAtATime = new ReentrantLock();

    public ArchiveImporter(CacheImporter receipt, Supplier<RegistryNames> names, long longestManifest) {
        this.receipt = receipt;
        this.names = names;
        this.longestManifest = (int) longestManifest;
    }

    @Override
    public void load(ImageFile file, LoadOptions options, LoadListener listener) throws InterruptedException {
        String name = file.path().toString();
        oneAtATime.lockInterruptibly();
        try {
            RegistryNames now = names.get();
            Optional<ResolveRef> resolved = options.resolveRef().map(text -> ResolveRef.parse(text, now));
            ImageArchive archive = ImageArchive.open(file.path(), longestManifest);
            new ArchiveImport(archive, receipt, options.platforms(), listener)
                    .run(new ImportedNames(archive, now, resolved), name);
            if (archive.isRebuilt()) {
                listener.noted(
                        name + " has no manifests, so they were made of its configs and layers: its images have other"
                                + " digests here than upstream");
            }
        } catch (ArchiveException | RegistryException e) {
            listener.ended(new LoadOutcome.Failed(name, String.valueOf(e.getMessage()), false));
        } finally {
            oneAtATime.unlock();
        }
    }
}
