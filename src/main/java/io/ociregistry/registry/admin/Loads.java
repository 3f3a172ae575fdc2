package io.ociregistry.registry.admin;

import io.ociregistry.common.Daemons;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.registry.archives.ArchiveUploads;
import io.ociregistry.registry.load.ImageLoader;
import io.ociregistry.registry.load.LoadListener;
import io.ociregistry.registry.load.LoadOptions;
import io.ociregistry.registry.load.LoadSummary;
import io.ociregistry.registry.load.Preload;
import io.ociregistry.registry.load.PreloadStatus;
import io.ociregistry.registry.load.list.LoadPlan;
import io.ociregistry.store.StoreStatus;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The loads of a running registry: its preload, and loads of lists and archives that an operator sends. Thread-safe.
 *
 * <p>Closing it interrupts the loads, and ends the uploads.
 */
public final class Loads implements AutoCloseable {
    /** The maximum of concurrent loads. Each loads as many images at a time as its options say. */
    private static final int MAX = 2;

    private final StoreStatus store;
    private final ImageLoader loader;
    private final ArchiveUploads uploads;
    private final ThreadPoolExecutor threads = new ThreadPoolExecutor(
            MAX, MAX, 10, TimeUnit.SECONDS, new SynchronousQueue<>(), Daemons.withName("admin load"));
    private volatile @Nullable Preload preload;

    /** Takes over the uploads, and closes them. */
    public Loads(StoreStatus store, ImageLoader loader, ArchiveUploads uploads) {
        this.store = store;
        this.loader = loader;
        this.uploads = uploads;
        threads.allowCoreThreadTimeOut(true);
    }

    /** Starts the preload of a server, and closes it with this object. */
    public void start(Preload started) {
        preload = started;
        started.start();
    }

    Optional<PreloadStatus> preload() {
        return Optional.ofNullable(preload).map(Preload::status);
    }

    /**
     * Starts a load in the background; the stage completes at its end. The load does not end if its client leaves.
     *
     * @throws RegistryException {@link ErrorCode#STORE_FAILED} if the cache is read-only, {@link ErrorCode#OVERLOADED}
     *     if {@value #MAX} loads are running already
     */
    public CompletionStage<LoadSummary> load(LoadPlan plan, LoadOptions options, LoadListener listener) {
        checkWritable();
        try {
            return CompletableFuture.supplyAsync(() -> run(plan, options, listener), threads);
        } catch (RejectedExecutionException e) {
            throw new RegistryException(
                    ErrorCode.OVERLOADED,
                    "this server is stopping or already runs " + MAX + " loads; retry when one of them has ended",
                    null,
                    Duration.ofMinutes(1));
        }
    }

    /**
     * Receives an archive or the rest of it, and starts to load it; see {@link #load} and {@link
     * ArchiveUploads#receive}. Blocks until the last byte is received. The archive is deleted after the load.
     */
    public CompletionStage<LoadSummary> load(
            ArchiveUploads.Part part, ArchiveUploads.Body body, LoadOptions options, LoadListener listener) {
        checkWritable();
        ArchiveUploads.Received received = uploads.receive(part, body);
        try {
            return load(new LoadPlan(List.of(), List.of(received.archive())), options, listener)
                    .whenComplete((summary, failure) -> received.close());
        } catch (RegistryException e) {
            received.postpone();
            throw e;
        }
    }

    /** Returns the archives that were received so far, completely or not. */
    public List<ArchiveUploads.Status> uploads() {
        return uploads.list();
    }

    private void checkWritable() {
        if (!store.isWritable()) {
            throw new RegistryException(
                    ErrorCode.STORE_FAILED,
                    "images can't be loaded: " + store.warning().orElse("the cache is read-only"));
        }
    }

    private LoadSummary run(LoadPlan plan, LoadOptions options, LoadListener listener) {
        try {
            return loader.load(plan, options, listener);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RegistryException(
                    ErrorCode.OVERLOADED,
                    "the server is stopping; what was downloaded is kept, and the same load resumes from there");
        }
    }

    @Override
    public void close() {
        Preload started = preload;
        if (started != null) {
            started.close();
        }
        threads.shutdownNow();
        uploads.close();
    }
}
