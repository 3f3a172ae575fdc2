package io.ociregistry.registry.admin;

import io.ociregistry.access.AdminToken;
import io.ociregistry.common.Daemons;
import io.ociregistry.metrics.MaintenanceMetrics.Removal;
import io.ociregistry.metrics.Provenance;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.registry.list.ListResult;
import io.ociregistry.registry.load.ImageLoader;
import io.ociregistry.registry.load.LoadListener;
import io.ociregistry.registry.load.LoadOptions;
import io.ociregistry.registry.load.LoadSummary;
import io.ociregistry.registry.load.list.LoadPlan;
import io.ociregistry.registry.prune.PruneReport;
import io.ociregistry.registry.prune.PruneRequest;
import io.ociregistry.registry.prune.Pruner;
import io.ociregistry.store.StoreStatus;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Administration of a running registry: queries, status, prune, loads, and the token of the admin API.
 *
 * <p>One thread runs all queries and prunes, one after the other, so that reading a large cache never delays a client.
 * At most {@value #QUEUED} of them wait. Loads have threads of their own. Stages fail with {@link RegistryException}.
 * Thread-safe.
 */
public final class Admin implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Admin.class);
    private static final int QUEUED = 16;
    private static final String INCOMPLETE =
            "the index of the cache is still being read, so this answer may be incomplete; retry later";
    /** The maximum of concurrent loads. Each loads as many images at a time as its options say. */
    private static final int LOADS = 2;

    private final Supplier<AdminToken> tokens;
    private final StoreStatus store;
    private final LiveContents contents;
    private final ImageLoader loader;
    private final Pruner pruner;
    private final StatusCollector status;
    private final ThreadPoolExecutor thread = pool("admin", 1, new ArrayBlockingQueue<>(QUEUED));
    private final ThreadPoolExecutor loads = pool("admin load", LOADS, new SynchronousQueue<>());
    /** Guarded by "this". */
    private @Nullable AdminToken token;

    /**
     * @param tokens finds or creates the token of the admin API
     */
    public Admin(
            Supplier<AdminToken> tokens,
            StoreStatus store,
            LiveContents contents,
            ImageLoader loader,
            Pruner pruner,
            StatusCollector status) {
        this.tokens = tokens;
        this.store = store;
        this.contents = contents;
        this.loader = loader;
        this.pruner = pruner;
        this.status = status;
    }

    private static ThreadPoolExecutor pool(String name, int count, BlockingQueue<Runnable> waiting) {
        ThreadPoolExecutor pool =
                new ThreadPoolExecutor(count, count, 10, TimeUnit.SECONDS, waiting, Daemons.withName(name));
        pool.allowCoreThreadTimeOut(true);
        return pool;
    }

    /**
     * Answers a question about the contents of the cache.
     *
     * <p>While the index is being read for the first time, the question waits for it, but not longer than clients wait
     * for an answer. After that time, the answer has the contents known so far and a warning.
     */
    public <T> CompletionStage<ListResult<T>> query(Function<CacheContents, T> question) {
        return contents.isReadInTime()
                .thenCompose(isComplete -> submit(() -> new ListResult<>(
                        question.apply(contents.known()),
                        Optional.empty(),
                        isComplete ? Optional.empty() : Optional.of(INCOMPLETE),
                        Provenance.HIT)));
    }

    /**
     * Prunes the cache after its index was read; a dry run only reports what a prune would delete.
     *
     * @throws RegistryException {@link ErrorCode#STORE_FAILED} if the cache is read-only
     */
    public CompletionStage<PruneReport> prune(PruneRequest request) {
        if (!request.dryRun() && !store.isWritable()) {
            throw new RegistryException(
                    ErrorCode.STORE_FAILED,
                    "the cache can't be pruned: " + store.warning().orElse("the cache is read-only"));
        }
        return contents.whenRead(() -> submit(() -> pruner.prune(request, Removal.MANUAL)));
    }

    /**
     * Returns the token that the admin API requires.
     *
     * <p>The first call creates it, unless the configuration gives one, and logs where it is. So a command that opens
     * the cache without serving clients creates no token. If the token can't be created, only the admin API is closed.
     */
    public synchronized AdminToken token() {
        AdminToken current = token;
        if (current == null) {
            current = tokens.get();
            LOG.info("admin API: {}", current.description());
            token = current;
        }
        return current;
    }

    /** Collects the status of the server, without a request to an upstream. */
    public CompletionStage<ServerStatus> status() {
        return submit(status::collect);
    }

    /**
     * Starts a load in the background; the stage completes at its end. The load does not end if its client leaves.
     *
     * @throws RegistryException {@link ErrorCode#STORE_FAILED} if the cache is read-only, {@link ErrorCode#OVERLOADED}
     *     if {@value #LOADS} loads are running already
     */
    public CompletionStage<LoadSummary> load(LoadPlan plan, LoadOptions options, LoadListener listener) {
        if (!store.isWritable()) {
            throw new RegistryException(
                    ErrorCode.STORE_FAILED,
                    "images can't be loaded: " + store.warning().orElse("the cache is read-only"));
        }
        try {
            return CompletableFuture.supplyAsync(() -> runLoad(plan, options, listener), loads);
        } catch (RejectedExecutionException e) {
            throw new RegistryException(
                    ErrorCode.OVERLOADED,
                    "this server is stopping or already runs " + LOADS + " loads; retry when one of them has ended",
                    null,
                    Duration.ofMinutes(1));
        }
    }

    private LoadSummary runLoad(LoadPlan plan, LoadOptions options, LoadListener listener) {
        try {
            return loader.load(plan, options, listener);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RegistryException(
                    ErrorCode.OVERLOADED,
                    "the server is stopping; what was downloaded is kept, and the same load resumes from there");
        }
    }

    private <T> CompletionStage<T> submit(Supplier<T> work) {
        try {
            return CompletableFuture.supplyAsync(work, thread);
        } catch (RejectedExecutionException e) {
            return CompletableFuture.failedStage(new RegistryException(
                    ErrorCode.OVERLOADED,
                    "this server is stopping, or " + QUEUED + " administration requests are waiting already; retry",
                    null,
                    Duration.ofSeconds(5)));
        }
    }

    @Override
    public void close() {
        thread.shutdownNow();
        loads.shutdownNow();
    }
}
