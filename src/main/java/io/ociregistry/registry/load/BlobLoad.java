package io.ociregistry.registry.load;

import io.ociregistry.oci.Descriptor;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Repository;
import io.ociregistry.registry.content.ContentSource;
import io.ociregistry.store.BlobSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * Waits for one blob of a load while it is downloaded, and watches its progress.
 *
 * <p>Only bytes that no earlier attempt downloaded count as progress. Not thread-safe.
 */
final class BlobLoad {
    private static final long POLL_MILLIS = 250;
    private static final String DISK_FAILURE = "it is full or can't be written; see the log";

    private final ContentSource source;
    private final Repository repository;
    private final Descriptor blob;
    private final LoadProgress progress;
    private final RegistryRetryBudget retries;
    private long reached;

    BlobLoad(
            ContentSource source,
            Repository repository,
            Descriptor blob,
            LoadProgress progress,
            RegistryRetryBudget retries) {
        this.source = source;
        this.repository = repository;
        this.blob = blob;
        this.progress = progress;
        this.retries = retries;
    }

    /**
     * Returns when the blob is in the store.
     *
     * @throws RegistryException if the download or the store fails, or if no bytes arrive for too long
     */
    void receive(BlobSource download) throws InterruptedException {
        progress.downloadStarted(download);
        try (download) {
            CountDownLatch ended = new CountDownLatch(1);
            download.whenReadable(BlobSource.END, ended::countDown);
            while (!ended.await(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
                checkProgress(download);
            }
            checkProgress(download);
            awaitStored();
            if (!source.isCached(repository, blob.digest())) {
                throw failure(download);
            }
        } finally {
            progress.downloadEnded(download);
        }
    }

    private void checkProgress(BlobSource download) {
        long now = download.available();
        if (now > reached) {
            reached = now;
            retries.onProgress();
        } else if (retries.isExhausted()) {
            throw new RegistryException(
                    ErrorCode.UPSTREAM_TIMEOUT,
                    "blob " + repository + "@" + blob.digest() + ": no more bytes arrived for too long, after "
                            + reached + " of " + blob.size() + " bytes; these are kept");
        }
    }

    /** Waits for the end of the download: readers get the last byte before the file is published. */
    private void awaitStored() throws InterruptedException {
        try {
            source.completion(repository, blob.digest()).toCompletableFuture().get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    private RegistryException failure(BlobSource download) {
        try {
            download.read(download.available(), ByteBuffer.allocate(1));
        } catch (RegistryException e) {
            // A reader's error says which rate the reader must keep in pass-through mode, which does not apply to a
            // load.
            return e.code() == ErrorCode.STORE_FAILED ? notStored(DISK_FAILURE) : e;
        } catch (IOException e) {
            return notStored(String.valueOf(e.getMessage()));
        }
        return notStored(DISK_FAILURE);
    }

    private RegistryException notStored(String why) {
        return new RegistryException(
                ErrorCode.STORE_FAILED,
                "store blob " + repository + "@" + blob.digest() + ": the disk of the cache failed: " + why);
    }
}
