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
 * Work that is done once however many ask for it at the same time. A flight belongs to nobody: whoever leaves changes nothing, and who asks
 * again while it goes on joins it. What it fails with is a {@link RegistryException}, or an {@link Error}.
 */
public final class SingleFlight<K, V> {
    private static final Logger LOG = LoggerFactory.getLogger(SingleFlight.class);

    private final Map<K, Flight> inFlight = new ConcurrentHashMap<>();

    /**
     * The outcome of the work for this key: that under way, or else new work on the executor.
     *
     * @param executor work that waits is given to it too, so that it can move up
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

    /** Work, from when it is asked for to its end. */
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
            flight.outcome.completeExceptionally(fault(key, e));
        }
    }

    /** Nobody foresaw it, but who has something older to give shall not have to care. */
    private static RegistryException fault(Object what, RuntimeException e) {
        LOG.error("fetching {} failed", what, e);
        return new RegistryException(
                ErrorCode.INTERNAL, "fetching " + what + ": a fault of this server; its log tells more", e);
    }

    /** Before the outcome is told: who hears of a failure and asks again must not join the failed flight. */
    private void finish(K key, Flight flight) {
        inFlight.remove(key, flight);
    }

    public static RegistryException overloaded(Object what) {
        return new RegistryException(
                ErrorCode.OVERLOADED,
                "fetching " + what + ": too much is waiting for this upstream already; try again later");
    }
}
