package io.ociregistry.registry.admin;

import io.ociregistry.registry.index.RecordWatcher;
import io.ociregistry.registry.policy.RuntimeConfig;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** The contents of a running server's cache; they are complete after its index was read. Thread-safe. */
public final class LiveContents {
    private final CacheContents contents;
    private final RecordWatcher index;
    private final Supplier<RuntimeConfig> config;

    public LiveContents(CacheContents contents, RecordWatcher index, Supplier<RuntimeConfig> config) {
        this.contents = contents;
        this.index = index;
        this.config = config;
    }

    /** The contents known so far; complete once {@link #whenRead} has run its work. */
    CacheContents known() {
        return contents;
    }

    ServerStatus.Counts counts() {
        return contents.counts(index.isReady());
    }

    /** True once the index was read; false if that takes longer than a client waits for an answer. */
    CompletionStage<Boolean> isReadInTime() {
        if (index.isReady()) {
            return CompletableFuture.completedStage(true);
        }
        return index.whenReady(() -> CompletableFuture.completedStage(true))
                .toCompletableFuture()
                .copy()
                .completeOnTimeout(
                        false, config.get().config().timeouts().answer().toMillis(), TimeUnit.MILLISECONDS);
    }

    <T> CompletionStage<T> whenRead(Supplier<CompletionStage<T>> work) {
        return index.whenReady(work);
    }
}
