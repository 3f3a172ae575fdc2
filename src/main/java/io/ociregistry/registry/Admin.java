package io.ociregistry.registry;

import io.ociregistry.config.BuildInfo;
import io.ociregistry.config.ServerConfig;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.store.StoreAccess;
import io.ociregistry.upstream.Upstreams;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * What operators ask of a running registry. It is done by one thread of its own, one thing after the other, so that looking through a large
 * cache never holds up a client; stages fail with {@link RegistryException}.
 */
public final class Admin implements AutoCloseable {
    private static final int WAITING = 16;

    private final ServerConfig config;
    private final StoreAccess access;
    private final CacheContents contents;
    private final Registry registry;
    private final Upstreams upstreams;
    private final Clock clock;
    private final Instant started;
    private final ThreadPoolExecutor thread =
            new ThreadPoolExecutor(1, 1, 10, TimeUnit.SECONDS, new ArrayBlockingQueue<>(WAITING), work -> {
                Thread thread = new Thread(work, "admin");
                thread.setDaemon(true);
                return thread;
            });

    Admin(
            ServerConfig config,
            StoreAccess access,
            CacheContents contents,
            Registry registry,
            Upstreams upstreams,
            Clock clock) {
        this.config = config;
        this.access = access;
        this.contents = contents;
        this.registry = registry;
        this.upstreams = upstreams;
        this.clock = clock;
        this.started = clock.instant();
        thread.allowCoreThreadTimeOut(true);
    }

    /** What somebody wants to know of the content of the cache. */
    public <T> CompletionStage<T> ask(Function<CacheContents, T> question) {
        return work(() -> question.apply(contents));
    }

    /** How it stands with the server. */
    public CompletionStage<ServerStatus> status() {
        return work(this::look);
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

    private ServerStatus look() {
        Duration uptime = Duration.between(started, clock.instant());
        return new ServerStatus(
                BuildInfo.read().version(),
                started.toString(),
                uptime.toSeconds(),
                config.airGapped(),
                disk(),
                contents.counts(),
                upstreams(),
                registry.arriving());
    }

    private ServerStatus.Disk disk() {
        try {
            var usage = access.usage();
            return new ServerStatus.Disk(
                    access.layout().root().toString(),
                    usage.used(),
                    usage.free(),
                    usage.total(),
                    !access.layout().isWritable(),
                    access.warning().orElse(null));
        } catch (IOException e) {
            throw new RegistryException(ErrorCode.STORE_FAILED, "the disk of the cache can't be looked at: " + e, e);
        }
    }

    private List<UpstreamState> upstreams() {
        Trust trust = new Trust(config.registries());
        return upstreams.known().stream()
                .map(upstream -> UpstreamState.of(upstream, trust.isConfigured(upstream.name())))
                .sorted(Comparator.comparing(UpstreamState::registry))
                .toList();
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
