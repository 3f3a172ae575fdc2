package io.ociregistry.common;

import io.ociregistry.oci.RegistryException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/** Stages of work that may fail before it is begun. */
public final class Futures {
    private Futures() {}

    /** What fails before anything was started fails like the rest. */
    public static <T> CompletionStage<T> failing(Supplier<CompletionStage<T>> work) {
        try {
            return work.get();
        } catch (RegistryException e) {
            return CompletableFuture.failedStage(e);
        }
    }
}
