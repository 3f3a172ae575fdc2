package io.ociregistry.web.send;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Lets a request wait for a stage without blocking a thread (ADR 5).
 *
 * <p>The value of a completed stage is returned at once. Otherwise the request becomes asynchronous. When the stage
 * completes, or after the deadline, the request is dispatched to the same servlet again, and the same call returns the
 * outcome. The deadline ends only the wait of the request: the work continues, and the next try of the client joins it.
 */
public final class AsyncWait {
    private static final String OUTCOME = AsyncWait.class.getName();

    private AsyncWait() {}

    /**
     * Returns the value of the stage; empty if the request waits now, and the servlet must return.
     *
     * @param stage called only if this request did not wait for its stage before
     * @param discard gets a value that arrives after the request is over
     * @throws RegistryException the failure of the stage, or {@link ErrorCode#UPSTREAM_TIMEOUT} after the deadline
     */
    public static <T> Optional<T> await(
            HttpServletRequest request, Duration deadline, Supplier<CompletionStage<T>> stage, Consumer<T> discard) {
        @SuppressWarnings("unchecked") // set by the same call of the same servlet, before the wait
        CompletableFuture<T> outcome = (CompletableFuture<T>) request.getAttribute(OUTCOME);
        if (outcome != null) {
            return Optional.of(value(outcome));
        }
        CompletableFuture<T> started = stage.get().toCompletableFuture();
        if (started.isDone()) {
            return Optional.of(value(started));
        }
        suspend(request, deadline, started, discard);
        return Optional.empty();
    }

    /** Removes the outcome of the last wait, so that the request can wait for another stage. */
    public static void clear(HttpServletRequest request) {
        request.removeAttribute(OUTCOME);
    }

    @SuppressWarnings("FutureReturnValueIgnored") // "outcome" has the results
    private static <T> void suspend(
            HttpServletRequest request, Duration deadline, CompletableFuture<T> started, Consumer<T> discard) {
        AsyncContext async = request.startAsync();
        async.setTimeout(0);
        CompletableFuture<T> outcome = new CompletableFuture<>();
        request.setAttribute(OUTCOME, outcome);
        started.whenComplete((value, failure) -> {
            boolean first = failure == null ? outcome.complete(value) : outcome.completeExceptionally(failure);
            if (!first && failure == null) {
                discard.accept(value);
            }
        });
        outcome.orTimeout(deadline.toMillis(), TimeUnit.MILLISECONDS)
                .whenComplete((value, failure) -> resume(async, value, discard));
    }

    private static <T> void resume(AsyncContext async, @Nullable T value, Consumer<T> discard) {
        try {
            async.dispatch();
        } catch (IllegalStateException gone) {
            // The client closed the connection, and the container ended the request.
            if (value != null) {
                discard.accept(value);
            }
        }
    }

    private static <T> T value(CompletableFuture<T> outcome) {
        try {
            return outcome.join();
        } catch (CompletionException e) {
            Throwable cause = e.getCause();
            if (cause instanceof RegistryException known) {
                throw known;
            }
            if (cause instanceof TimeoutException) {
                throw new RegistryException(
                        ErrorCode.UPSTREAM_TIMEOUT,
                        "the upstream has not answered yet; the fetch continues, so retry",
                        null,
                        Duration.ofSeconds(1));
            }
            throw e;
        }
    }
}
