package io.ociregistry.registry.blob;

import io.ociregistry.metrics.RegistryMetrics.Resume;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import java.io.IOException;
import java.net.SocketTimeoutException;

/**
 * Thrown when a connection to an upstream broke or was given up, as opposed to a failure of the disk: the bytes
 * received stay, and another connection may bring the rest.
 */
final class TransferInterrupted extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final Resume reason;

    TransferInterrupted(IOException cause) {
        this(cause instanceof SocketTimeoutException ? Resume.STALL : Resume.CUT, cause);
    }

    TransferInterrupted(Resume reason, String message) {
        this(reason, new IOException(message));
    }

    private TransferInterrupted(Resume reason, IOException cause) {
        super(cause.getMessage(), cause, false, false);
        this.reason = reason;
    }

    /** Returns why another request is needed. */
    Resume reason() {
        return reason;
    }

    RegistryException toRegistryException(String attempt) {
        return new RegistryException(ErrorCode.UPSTREAM_BAD_ANSWER, attempt + ": " + getMessage(), getCause());
    }
}
