package io.ociregistry.registry.policy;

import io.ociregistry.common.Futures;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * Errors for cached content that this process can't read. Such content is fetched from its upstream, and the request
 * fails only if the upstream fails too.
 */
public final class UnreadableContent {
    private UnreadableContent() {}

    /**
     * Returns the error.
     *
     * @param what the failure of the request
     * @param why the reason why the content can't be read, and the remedy
     */
    static RegistryException failure(String what, String why) {
        return new RegistryException(ErrorCode.STORE_FAILED, what + "; it may be cached but unreadable: " + why);
    }

    /**
     * Adds the reason why the cached content can't be read to the failure of the fetch that replaces it.
     *
     * @param why empty if no content is cached; then the stage stays as it is
     */
    public static <T> CompletionStage<T> explainFailure(CompletionStage<T> fetched, Optional<String> why) {
        return why.isEmpty()
                ? fetched
                : fetched.exceptionally(failure -> {
                    throw Futures.cause(failure) instanceof RegistryException refusal
                            ? failure(refusal.getMessage(), why.get())
                            : Futures.completionException(failure);
                });
    }
}
