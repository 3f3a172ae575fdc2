package io.ociregistry.access;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/**
 * Single flight of computations on an executor: concurrent calls for one key share one computation.
 *
 * <p>All callers get its outcome, including an {@link Error}. The first call after its end starts a new computation.
 * Thread-safe.
 */
final class SharedComputation<K, T> {
    private final ConcurrentMap<K, CompletableFuture<T>> running = new ConcurrentHashMap<>();

    /**
     * Joins the computation for a key, or starts it. If the executor rejects it, the stage fails with the exception of
     * the executor.
     */
    CompletionStage<T> join(K key, Supplier<T> work, Executor executor) {
        CompletableFuture<T> started = new CompletableFuture<>();
        CompletableFuture<T> joined = running.putIfAbsent(key, started);
        if (joined != null) {
            return joined;
        }
        try {
            started.completeAsync(() -> compute(key, work), executor);
        } catch (RuntimeException | Error e) {
            running.remove(key);
            started.completeExceptionally(e);
        }
        return started;
    }

    private T compute(K key, Supplier<T> work) {
        try {
            return work.get();
        } finally {
            running.remove(key);
        }
    }
}
