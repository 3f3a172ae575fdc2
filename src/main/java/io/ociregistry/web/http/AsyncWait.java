package io.ociregistry.web.http;

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
 * A request that waits for a stage without holding a thread.
 *
 * <p>A stage that is complete already is taken at once. Else the request goes asynchronous, and when the stage is complete, or the deadline
 * has passed, it is dispatched to the same servlet again, which finds the outcome here. The deadline belongs to the request: what it waits
 * for goes on, and the client's next try joins it.
 */
public final class AsyncWait {
    private static final String OUTCOME = AsyncWait.class.getName();

    private AsyncWait() {}

    /**
     * The stage's value; empty if the request waits now and the servlet has nothing more to do.
     *
     * @param stage started only if this request does not come back from waiting for it
     * @param discard gets a value that nobody waits for any more
     * @throws RegistryException that of the stage, or {@link ErrorCode#UPSTREAM_TIMEOUT}
     */
    public static <T> Optional<T> await(
            HttpServletRequest request, Duration deadline, Supplier<CompletionStage<T>> stage, Consumer<T> discard) {
        @SuppressWarnings("unchecked") // put here by the same call of the same servlet, before it waited
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

    /** The request has what it waited for, and may wait for something else. */
    public static void forget(HttpServletRequest request) {
        request.removeAttribute(OUTCOME);
    }

    @SuppressWarnings("FutureReturnValueIgnored") // what these would tell is in "outcome"
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
            // The client left and the container ended the request.
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
                        "the upstream has not answered yet; the fetch goes on, so ask again",
                        null,
                        Duration.ofSeconds(1));
            }
            throw e;
        }
    }
}
