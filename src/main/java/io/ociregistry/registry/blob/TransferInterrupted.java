package io.ociregistry.registry.blob;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import java.io.IOException;

/** The connection to the upstream broke, as opposed to our disk, or is of no use: what has come stays, and the rest may come by another. */
final class TransferInterrupted extends RuntimeException {
    private static final long serialVersionUID = 1L;

    TransferInterrupted(IOException cause) {
        super(cause.getMessage(), cause, false, false);
    }

    TransferInterrupted(String why) {
        this(new IOException(why));
    }

    RegistryException asFailure(String what) {
        return new RegistryException(ErrorCode.UPSTREAM_BAD_ANSWER, what + ": " + getMessage(), getCause());
    }
}
