package io.ociregistry.registry.blob;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import java.io.IOException;

/**
 * Thrown when a connection to an upstream broke or was given up, as opposed to a failure of the disk: the bytes
 * received stay, and another connection may bring the rest.
 */
final class TransferInterrupted extends RuntimeException {
    private static final long serialVersionUID = 1L;

    TransferInterrupted(IOException cause) {
        super(cause.getMessage(), cause, false, false);
    }

    TransferInterrupted(String reason) {
        this(new IOException(reason));
    }

    RegistryException toRegistryException(String attempt) {
        return new RegistryException(ErrorCode.UPSTREAM_BAD_ANSWER, attempt + ": " + getMessage(), getCause());
    }
}
