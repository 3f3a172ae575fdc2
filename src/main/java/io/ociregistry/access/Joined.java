package io.ociregistry.access;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/**
 * Work that is done once for all who want it at the same time. However it ends, by an {@link Error} too, those who wait are told, and the next
 * one who asks begins anew.
 */
final class Joined<K, T> {
    private final ConcurrentMap<K, CompletableFuture<T>> running = new ConcurrentHashMap<>();

    /** Joins the work for a key, or begins it. Where the executor does not take it, the stage fails with what that one threw. */
    CompletionStage<T> join(K key, Supplier<T> work, Executor executor) {
        CompletableFuture<T> mine = new CompletableFuture<>();
        CompletableFuture<T> others = running.putIfAbsent(key, mine);
        if (others != null) {
            return others;
        }
        try {
            mine.completeAsync(() -> done(key, work), executor);
        } catch (RuntimeException | Error e) {
            running.remove(key);
            mine.completeExceptionally(e);
        }
        return mine;
    }

    private T done(K key, Supplier<T> work) {
        try {
            return work.get();
        } finally {
            running.remove(key);
        }
    }
}
