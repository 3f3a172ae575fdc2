package io.ociregistry.registry.load;

import io.ociregistry.oci.Descriptor;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Repository;
import io.ociregistry.store.BlobSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/** Waits for one blob of a load while it arrives. Only bytes that never came before, in an earlier try, are progress. */
final class BlobLoad {
    private static final long GLANCE_MILLIS = 250;
    private static final String FULL = "it is full, or takes nothing for another reason; the log tells more";

    private final LoadSource source;
    private final Repository repository;
    private final Descriptor blob;
    private final LoadProgress progress;
    private final RegistryRetryBudget link;
    private long reached;

    BlobLoad(
            LoadSource source,
            Repository repository,
            Descriptor blob,
            LoadProgress progress,
            RegistryRetryBudget link) {
        this.source = source;
        this.repository = repository;
        this.blob = blob;
        this.progress = progress;
        this.link = link;
    }

    /**
     * Returns when the blob is in the store.
     *
     * @throws RegistryException if it does not get there, or if nothing comes for too long
     */
    void receive(BlobSource arriving) throws InterruptedException {
        progress.join(arriving);
        try (arriving) {
            CountDownLatch over = new CountDownLatch(1);
            arriving.whenReadable(BlobSource.END, over::countDown);
            while (!over.await(GLANCE_MILLIS, TimeUnit.MILLISECONDS)) {
                look(arriving);
            }
            look(arriving);
            kept();
            if (!source.isHere(repository, blob.digest())) {
                throw failure(arriving);
            }
        } finally {
            progress.leave(arriving);
        }
    }

    private void look(BlobSource arriving) {
        long now = arriving.available();
        if (now > reached) {
            reached = now;
            link.progressed();
        } else if (link.isOver()) {
            throw new RegistryException(
                    ErrorCode.UPSTREAM_TIMEOUT,
                    "blob " + repository + "@" + blob.digest() + ": nothing more came for too long, after " + reached
                            + " of " + blob.size() + " bytes; what came is kept");
        }
    }

    /** Its readers have all of it before the disk has. */
    private void kept() throws InterruptedException {
        try {
            source.over(repository, blob.digest()).toCompletableFuture().get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        }
    }

    private RegistryException failure(BlobSource ended) {
        try {
            ended.read(ended.available(), ByteBuffer.allocate(1));
        } catch (RegistryException e) {
            // There its readers are told of the pace that they have to keep.
            return e.code() == ErrorCode.STORE_FAILED ? notKept(FULL) : e;
        } catch (IOException e) {
            return notKept(String.valueOf(e.getMessage()));
        }
        return notKept(FULL);
    }

    private RegistryException notKept(String why) {
        return new RegistryException(
                ErrorCode.STORE_FAILED,
                "keeping blob " + repository + "@" + blob.digest() + ": the disk of the cache failed: " + why);
    }
}
