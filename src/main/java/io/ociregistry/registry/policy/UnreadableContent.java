package io.ociregistry.registry.policy;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;

/**
 * Content that is cached but that this process may not read. It comes from its upstream meanwhile, and is an error
 * where that fails too.
 */
public final class UnreadableContent {
    private UnreadableContent() {}

    /**
     * The error for it.
     *
     * @param what happened to the request
     * @param why the content can't be read, and what to do
     */
    static RegistryException failure(String what, String why) {
        return new RegistryException(ErrorCode.STORE_FAILED, what + "; it may be cached but unreadable: " + why);
    }

    /** What comes from an upstream in place of content that is cached; its failure says why that can't be read. */
    public static <T> CompletionStage<T> orFailure(CompletionStage<T> fetched, Optional<String> why) {
        return why.isEmpty()
                ? fetched
                : fetched.exceptionally(failure -> {
                    Throwable cause = failure instanceof CompletionException wrapped ? wrapped.getCause() : failure;
                    throw cause instanceof RegistryException known
                            ? failure(known.getMessage(), why.get())
                            : new CompletionException(cause);
                });
    }
}
