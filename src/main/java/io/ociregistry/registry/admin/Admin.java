package io.ociregistry.registry.admin;

import io.ociregistry.access.AdminToken;
import io.ociregistry.common.Daemons;
import io.ociregistry.common.Secret;
import io.ociregistry.config.model.AdminConfig;
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
import io.ociregistry.store.disk.AdminTokenFile;
import io.ociregistry.store.disk.StoreAccess;
import java.io.IOException;
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
 * What operators ask of a running registry. It is done by one thread of its own, one thing after the other, so that looking through a large
 * cache never holds up a client; stages fail with {@link RegistryException}.
 */
public final class Admin implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Admin.class);
    private static final int WAITING = 16;
    private static final String INCOMPLETE =
            "the index of the cache is still being read, and there may be more than this; ask again in a while";
    /** Each has as many images at a time as its options say. */
    private static final int LOADS = 2;

    private final AdminConfig config;
    private final StoreAccess access;
    private final LiveContents contents;
    private final ImageLoader loader;
    private final Pruner pruner;
    private final StatusCollector status;
    private final ThreadPoolExecutor thread = threads("admin", 1, new ArrayBlockingQueue<>(WAITING));
    private final ThreadPoolExecutor loads = threads("admin load", LOADS, new SynchronousQueue<>());
    /** Guarded by "this". */
    private @Nullable AdminToken token;

    public Admin(
            AdminConfig config,
            StoreAccess access,
            LiveContents contents,
            ImageLoader loader,
            Pruner pruner,
            StatusCollector status) {
        this.config = config;
        this.access = access;
        this.contents = contents;
        this.loader = loader;
        this.pruner = pruner;
        this.status = status;
    }

    private static ThreadPoolExecutor threads(String name, int count, BlockingQueue<Runnable> waiting) {
        ThreadPoolExecutor threads =
                new ThreadPoolExecutor(count, count, 10, TimeUnit.SECONDS, waiting, Daemons.named(name));
        threads.allowCoreThreadTimeOut(true);
        return threads;
    }

    /**
     * What somebody wants to know of the content of the cache. While its index is being read for the first time that waits for the end of it, but
     * not longer than clients do; then what is known so far is the answer, which says so.
     */
    public <T> CompletionStage<ListResult<T>> ask(Function<CacheContents, T> question) {
        return contents.awaitIndex()
                .thenCompose(isRead -> work(() -> new ListResult<>(
                        question.apply(contents.known()),
                        Optional.empty(),
                        isRead ? Optional.empty() : Optional.of(INCOMPLETE))));
    }

    /** Prunes the cache, or tells what that would do; once all of its index is read. */
    public CompletionStage<PruneReport> prune(PruneRequest request) {
        if (!request.dryRun() && !access.layout().isWritable()) {
            throw new RegistryException(
                    ErrorCode.STORE_FAILED,
                    "nothing can be pruned: " + access.warning().orElse("the cache is read-only"));
        }
        return contents.whenRead(() -> work(() -> pruner.prune(request)));
    }

    /**
     * The token that operators show. The first call makes it, unless the configuration gives one, and logs where it is;
     * so a command that opens the cache and serves nobody makes none. A token that can't be made closes the API, and
     * keeps nothing else from working.
     */
    public synchronized AdminToken token() {
        AdminToken known = token;
        if (known == null) {
            known = findToken();
            LOG.info("admin API: {}", known.place());
            token = known;
        }
        return known;
    }

    private AdminToken findToken() {
        if (!config.enabled()) {
            return AdminToken.none("admin.enabled is false");
        }
        if (config.givesToken()) {
            return AdminToken.of(config);
        }
        AdminTokenFile file = new AdminTokenFile(access.layout());
        try {
            return AdminToken.made(new Secret(file.readOrMake()), file.path());
        } catch (IOException e) {
            String reason = "there is no token, because " + e.getMessage()
                    + "; give one with admin.tokenFile, or start the server where it can write to its image path";
            LOG.error("the admin API is closed: {}", reason);
            return AdminToken.none(reason);
        }
    }

    /** How it stands with the server. */
    public CompletionStage<ServerStatus> status() {
        return work(status::collect);
    }

    /**
     * Begins to load images, of which the listener hears; the stage is that of its end. It goes on if nobody listens any more.
     *
     * @throws RegistryException if it can't begin: {@link ErrorCode#STORE_FAILED} where nothing can be kept, {@link ErrorCode#OVERLOADED} while as
     *     many are under way as may be
     */
    public CompletionStage<LoadSummary> load(LoadPlan plan, LoadOptions options, LoadListener listener) {
        if (!access.layout().isWritable()) {
            throw new RegistryException(
                    ErrorCode.STORE_FAILED,
                    "nothing can be loaded: " + access.warning().orElse("the cache is read-only"));
        }
        try {
            return CompletableFuture.supplyAsync(() -> loaded(plan, options, listener), loads);
        } catch (RejectedExecutionException e) {
            throw new RegistryException(
                    ErrorCode.OVERLOADED,
                    "this server stops, or has " + LOADS + " loads under way already; ask again when one is over",
                    null,
                    Duration.ofMinutes(1));
        }
    }

    private LoadSummary loaded(LoadPlan plan, LoadOptions options, LoadListener listener) {
        try {
            return loader.load(plan, options, listener);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RegistryException(
                    ErrorCode.OVERLOADED,
                    "the server stops; what has arrived is kept, and the same load goes on from there");
        }
    }

    private <T> CompletionStage<T> work(Supplier<T> work) {
        try {
            return CompletableFuture.supplyAsync(work, thread);
        } catch (RejectedExecutionException e) {
            return CompletableFuture.failedStage(new RegistryException(
                    ErrorCode.OVERLOADED,
                    "this server stops, or has " + WAITING + " other questions of operators to answer first; ask again",
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
