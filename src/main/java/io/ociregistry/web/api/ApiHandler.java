package io.ociregistry.web.api;

import io.ociregistry.oci.RegistryException;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** Answers the requests of one endpoint. No method blocks. */
interface ApiHandler<R extends ApiRequest> {
    /**
     * Returns the answer if the cache has it and no upstream has to be asked; otherwise empty, and nothing is started.
     *
     * @throws RegistryException if the request is refused
     */
    default Optional<Answer> hit(RequestHead head, R request) {
        return Optional.empty();
    }

    /** Answers a request that is no hit; the stage fails with {@link RegistryException}. */
    CompletionStage<Answer> answer(RequestHead head, R request);
}
