package io.ociregistry.common;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs work once for all concurrent callers of a key.
 *
 * <p>A flight belongs to no caller: a caller that loses interest does not cancel it, and a caller that comes while the
 * work runs joins it. The outcome fails with a {@link RegistryException} or an {@link Error}, and is not cached: the
 * first caller after the end starts a new flight. Thread-safe.
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
        return flight(key, executor, work);
    }

    /**
     * Does the same as {@link #join(Object, Executor, Supplier)}, and changes the outcome for a caller that joins the
     * flight of another one.
     */
    public CompletionStage<V> join(K key, Executor executor, Supplier<V> work, UnaryOperator<V> ifJoined) {
        Flight mine = new Flight(key, work);
        Flight flight = flight(key, executor, mine);
        return flight == mine ? flight : flight.thenApply(ifJoined);
    }

    /** Returns the value of the flight of this key: runs new work on the calling thread, or waits for the flight. */
    public V run(K key, Supplier<V> work) {
        return Futures.join(flight(key, Runnable::run, work));
    }

    /**
     * Waits for the flight of this key, until the given time after its start. Thus a caller that joins late waits
     * shorter, and does not wait for an overdue flight.
     *
     * @throws TimeoutException if the flight takes longer; it continues
     */
    public V await(K key, Executor executor, Supplier<V> work, Duration timeout)
            throws InterruptedException, TimeoutException {
        Flight flight = flight(key, executor, work);
        long remaining = flight.startNanos + timeout.toNanos() - System.nanoTime();
        try {
            return flight.get(Math.max(0, remaining), TimeUnit.NANOSECONDS);
        } catch (ExecutionException failed) {
            return Futures.join(flight);
        }
    }

    private Flight flight(K key, Executor executor, Supplier<V> work) {
        return flight(key, executor, new Flight(key, work));
    }

    private Flight flight(K key, Executor executor, Flight mine) {
        Flight first = inFlight.putIfAbsent(key, mine);
        if (first != null) {
            first.once.join(executor);
            return first;
        }
        try {
            mine.once.start(executor);
        } catch (RejectedExecutionException e) {
            fail(key, mine, overloaded(key));
        } catch (RuntimeException | Error e) {
            // The executor says in its own words that it is full, or Java can't start a thread.
            fail(key, mine, e);
        }
        return mine;
    }

    /** One run of the work; completes with its outcome. */
    private final class Flight extends CompletableFuture<V> {
        private final long startNanos = System.nanoTime();
        private final RunOnce once;

        Flight(K key, Supplier<V> work) {
            this.once = new RunOnce(() -> SingleFlight.this.run(key, this, work));
        }
    }

    private void run(K key, Flight flight, Supplier<V> work) {
        try {
            V value = work.get();
            inFlight.remove(key, flight);
            flight.complete(value);
        } catch (RegistryException | Error e) {
            fail(key, flight, e);
        } catch (RuntimeException e) {
            fail(key, flight, internalError(key, e));
        }
    }

    /** The flight is removed before it completes, so that a caller that retries does not join the failed flight. */
    private void fail(K key, Flight flight, Throwable failure) {
        inFlight.remove(key, flight);
        flight.completeExceptionally(failure);
    }

    /** Wraps an unexpected exception, so that callers fall back to stale content as after any other failure. */
    private static RegistryException internalError(Object key, RuntimeException e) {
        LOG.error("fetching {} failed because of an error in this server; please report it", key, e);
        return new RegistryException(
                ErrorCode.INTERNAL, "fetching " + key + ": internal error of this server; see its log", e);
    }

    /** Returns the failure for work that the executor rejected because its queue is full. */
    public static RegistryException overloaded(Object key) {
        return new RegistryException(
                ErrorCode.OVERLOADED,
                "fetching " + key + ": too many requests wait for this upstream already; try again later");
    }
}
