package io.ociregistry.registry;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;

/**
 * Work that is done once however many ask for it at the same time. A flight belongs to nobody: whoever leaves changes nothing, and who asks
 * again while it goes on joins it.
 */
final class Flights<K, V> {
    private final Map<K, CompletableFuture<V>> inFlight = new ConcurrentHashMap<>();

    /** The outcome of the work for this key: that under way, or else new work on the executor. */
    CompletionStage<V> join(K key, Executor executor, Supplier<V> work) {
        CompletableFuture<V> mine = new CompletableFuture<>();
        CompletableFuture<V> first = inFlight.putIfAbsent(key, mine);
        if (first != null) {
            return first;
        }
        try {
            executor.execute(() -> run(key, mine, work));
        } catch (RejectedExecutionException e) {
            finish(key, mine);
            mine.completeExceptionally(overloaded(key));
        }
        return mine;
    }

    private void run(K key, CompletableFuture<V> outcome, Supplier<V> work) {
        try {
            V value = work.get();
            finish(key, outcome);
            outcome.complete(value);
        } catch (RuntimeException | Error e) {
            finish(key, outcome);
            outcome.completeExceptionally(e);
        }
    }

    /** Before the outcome is told: who hears of a failure and asks again must not join the failed flight. */
    private void finish(K key, CompletableFuture<V> flight) {
        inFlight.remove(key, flight);
    }

    static RegistryException overloaded(Object what) {
        return new RegistryException(
                ErrorCode.OVERLOADED,
                "fetching " + what + ": too much is waiting for this upstream already; try again later");
    }
}
