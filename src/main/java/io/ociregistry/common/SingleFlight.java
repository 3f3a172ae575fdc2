package io.ociregistry.common;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs work once for all concurrent callers of a key.
 *
 * <p>A flight belongs to no caller: a caller that loses interest does not cancel it, and a caller that comes while the
 * work runs joins it. The outcome fails with a {@link RegistryException} or an {@link Error}. Thread-safe.
 */
public final class SingleFlight<K, V> {
    private static final Logger LOG = LoggerFactory.getLogger(SingleFlight.class);

    private final Map<K, Flight> inFlight = new ConcurrentHashMap<>();

    /**
     * Returns the outcome of the flight of this key. Starts a flight on the executor if none is in flight.
     *
     * @param executor runs new work; it also gets work that waits in another executor, which it may run earlier
     */
    public CompletionStage<V> join(K key, Executor executor, Supplier<V> work) {
        Flight mine = new Flight(key, work);
        Flight first = inFlight.putIfAbsent(key, mine);
        if (first != null) {
            first.once.join(executor);
            return first.outcome;
        }
        try {
            mine.once.start(executor);
        } catch (RejectedExecutionException e) {
            finish(key, mine);
            mine.outcome.completeExceptionally(overloaded(key));
        }
        return mine.outcome;
    }

    private final class Flight {
        private final CompletableFuture<V> outcome = new CompletableFuture<>();
        private final RunOnce once;

        Flight(K key, Supplier<V> work) {
            this.once = new RunOnce(() -> SingleFlight.this.run(key, this, work));
        }
    }

    private void run(K key, Flight flight, Supplier<V> work) {
        try {
            V value = work.get();
            finish(key, flight);
            flight.outcome.complete(value);
        } catch (RegistryException | Error e) {
            finish(key, flight);
            flight.outcome.completeExceptionally(e);
        } catch (RuntimeException e) {
            finish(key, flight);
            flight.outcome.completeExceptionally(internalError(key, e));
        }
    }

    /** Wraps an unexpected exception, so that callers fall back to stale content as after any other failure. */
    private static RegistryException internalError(Object key, RuntimeException e) {
        LOG.error("fetching {} failed because of an error in this server; please report it", key, e);
        return new RegistryException(
                ErrorCode.INTERNAL, "fetching " + key + ": internal error of this server; see its log", e);
    }

    /** Must run before the outcome completes, so that a caller that retries does not join the failed flight. */
    private void finish(K key, Flight flight) {
        inFlight.remove(key, flight);
    }

    /** Returns the failure for work that the executor rejected because its queue is full. */
    public static RegistryException overloaded(Object key) {
        return new RegistryException(
                ErrorCode.OVERLOADED,
                "fetching " + key + ": too many requests wait for this upstream already; try again later");
    }
}
