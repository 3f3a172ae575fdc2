package io.ociregistry.registry.blob;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.store.blob.BlobStore;
import io.ociregistry.store.download.BlobDownload;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** The "receiving" of a file that is in the store already but that nobody verified: it is hashed while it is read. */
final class FileVerification implements Downloads.Receiver {
    private final BlobStore blobs;
    private final Digest digest;

    FileVerification(BlobStore blobs, Digest digest) {
        this.blobs = blobs;
        this.digest = digest;
    }

    @Override
    public Optional<BlobDownload> open() {
        return Optional.of(file());
    }

    @Override
    public void run(CompletableFuture<Optional<BlobDownload>> started) {
        try {
            blobs.check(started.join().orElseThrow());
        } catch (IOException e) {
            throw new RegistryException(ErrorCode.STORE_FAILED, "reading blob " + digest + ": " + e.getMessage(), e);
        }
    }

    private BlobDownload file() {
        try {
            return blobs.openUnverified(digest)
                    .orElseThrow(() -> new RegistryException(
                            ErrorCode.BLOB_UNKNOWN, "blob " + digest + " has just gone from the cache"));
        } catch (IOException e) {
            throw new RegistryException(ErrorCode.STORE_FAILED, "opening blob " + digest + ": " + e.getMessage(), e);
        }
    }
}
