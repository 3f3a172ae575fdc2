package io.ociregistry.common;

import io.ociregistry.oci.RegistryException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/** Helpers for completion stages. */
public final class Futures {
    private Futures() {}

    /** Returns the stage of the work, or a failed stage if the supplier throws a {@link RegistryException}. */
    public static <T> CompletionStage<T> captureFailure(Supplier<CompletionStage<T>> work) {
        try {
            return work.get();
        } catch (RegistryException e) {
            return CompletableFuture.failedStage(e);
        }
    }

    /** Waits for a stage. Throws its {@link RegistryException} or {@link Error} without a wrapper. */
    public static <T> T join(CompletionStage<T> stage) {
        try {
            return stage.toCompletableFuture().join();
        } catch (CompletionException e) {
            Throwable cause = cause(e);
            if (cause instanceof RegistryException failure) {
                throw failure;
            }
            if (cause instanceof Error error) {
                throw error;
            }
            throw e;
        }
    }

    /** Returns the exception with which the work of a stage failed, without the wrapper of a dependent stage. */
    public static Throwable cause(Throwable failure) {
        return failure instanceof CompletionException wrapped && wrapped.getCause() != null
                ? wrapped.getCause()
                : failure;
    }

    /** Returns an exception for a callback to throw, so that its stage fails with the given failure. */
    public static CompletionException completionException(Throwable failure) {
        return failure instanceof CompletionException wrapped ? wrapped : new CompletionException(failure);
    }
}
