package io.ociregistry.registry.blob;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.store.BlobDownload;
import io.ociregistry.store.BlobSource;
import io.ociregistry.store.BlobStore;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Verifies a file of the store that is not in the verified index: hashes it while readers get its bytes. */
final class FileVerification implements Downloads.Receiver {
    private final BlobStore store;
    private final Digest digest;

    FileVerification(BlobStore store, Digest digest) {
        this.store = store;
        this.digest = digest;
    }

    @Override
    public Optional<BlobSource> stored() {
        return store.open(digest);
    }

    @Override
    public Optional<BlobDownload> open() {
        return Optional.of(openFile());
    }

    @Override
    public void run(CompletableFuture<Optional<BlobDownload>> started) {
        try {
            store.verifyUnverified(started.join().orElseThrow());
        } catch (IOException e) {
            throw new RegistryException(ErrorCode.STORE_FAILED, "reading blob " + digest + ": " + e.getMessage(), e);
        }
    }

    private BlobDownload openFile() {
        try {
            return store.openUnverified(digest)
                    .orElseThrow(() -> new RegistryException(
                            ErrorCode.BLOB_UNKNOWN, "opening blob " + digest + ": it was just removed from the cache"));
        } catch (IOException e) {
            throw new RegistryException(ErrorCode.STORE_FAILED, "opening blob " + digest + ": " + e.getMessage(), e);
        }
    }
}
