package io.ociregistry.web.api;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/**
 * Limits how long a request waits for a stage. The work of the stage continues, and the next try of the client joins
 * it.
 */
public final class Deadline {
    private Deadline() {}

    /**
     * Returns the stage if it is complete; otherwise a stage that completes with it, or fails after the deadline with
     * {@link ErrorCode#UPSTREAM_TIMEOUT}.
     *
     * @param discard gets a value that arrives after the deadline
     */
    @SuppressWarnings("FutureReturnValueIgnored") // "limited" has the results
    public static <T> CompletableFuture<T> limit(CompletionStage<T> stage, Duration deadline, Consumer<T> discard) {
        CompletableFuture<T> work = stage.toCompletableFuture();
        if (work.isDone()) {
            return work;
        }
        CompletableFuture<T> limited = new CompletableFuture<>();
        work.whenComplete((value, failure) -> {
            boolean first = failure == null ? limited.complete(value) : limited.completeExceptionally(failure);
            if (!first && failure == null) {
                discard.accept(value);
            }
        });
        return limited.orTimeout(deadline.toMillis(), TimeUnit.MILLISECONDS).exceptionally(failure -> {
            if (failure instanceof TimeoutException) {
                throw timeout();
            }
            throw failure instanceof CompletionException wrapped ? wrapped : new CompletionException(failure);
        });
    }

    private static RegistryException timeout() {
        return new RegistryException(
                ErrorCode.UPSTREAM_TIMEOUT,
                "the upstream has not answered yet; the fetch continues, so retry",
                null,
                Duration.ofSeconds(1));
    }
}
