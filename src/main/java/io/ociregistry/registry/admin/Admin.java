package io.ociregistry.registry.admin;

import io.ociregistry.access.AdminToken;
import io.ociregistry.common.Daemons;
import io.ociregistry.metrics.MaintenanceMetrics.Removal;
import io.ociregistry.metrics.Provenance;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.registry.list.ListResult;
import io.ociregistry.registry.prune.PruneReport;
import io.ociregistry.registry.prune.PruneRequest;
import io.ociregistry.registry.prune.Pruner;
import io.ociregistry.store.StoreStatus;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
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
 * At most {@value #QUEUED} of them wait. Stages fail with {@link RegistryException}.
 * Thread-safe.
 */
public final class Admin implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Admin.class);
    private static final int QUEUED = 16;
    private static final String INCOMPLETE =
            "the index of the cache is still being read, so this answer may be incomplete; retry later";

    private final Supplier<AdminToken> tokens;
    private final StoreStatus store;
    private final LiveContents contents;
    private final Loads loads;
    private final Pruner pruner;
    private final StatusCollector status;
    private final ThreadPoolExecutor thread = pool();
    /** Guarded by "this". */
    private @Nullable AdminToken token;

    /**
     * @param tokens finds or creates the token of the admin API
     */
    public Admin(
            Supplier<AdminToken> tokens,
            StoreStatus store,
            LiveContents contents,
            Loads loads,
            Pruner pruner,
            StatusCollector status) {
        this.tokens = tokens;
        this.store = store;
        this.contents = contents;
        this.loads = loads;
        this.pruner = pruner;
        this.status = status;
    }

    private static ThreadPoolExecutor pool() {
        ThreadPoolExecutor pool = new ThreadPoolExecutor(
                1, 1, 10, TimeUnit.SECONDS, new ArrayBlockingQueue<>(QUEUED), Daemons.withName("admin"));
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
        return submit(() -> status.collect(loads.preload()));
    }

    /** Returns the loads of this registry. */
    public Loads loads() {
        return loads;
    }

    /**
     * Probes the upstreams that are down now, and not when the next probe is due. Returns the addresses that are
     * probed; the status shows the results.
     *
     * @param registry the only registry to probe; empty for all
     * @throws RegistryException {@link ErrorCode#NAME_UNKNOWN} if the registry was not used and is not configured
     */
    public List<ProbedSource> probe(Optional<RegistryName> registry) {
        return status.probe(registry);
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
        loads.close();
    }
}
