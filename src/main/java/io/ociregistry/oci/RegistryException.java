package io.ociregistry.oci;

import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * An error that answers a request; the web layer sends it as OCI JSON.
 *
 * <p>The message is for the user of the client: the attempt, its object, the failure and, if possible, the remedy. It
 * never contains a secret. Only an exception with {@link ErrorCode#INTERNAL} has a stack trace, because users and
 * networks cause all others.
 */
public final class RegistryException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final ErrorCode code;
    private final transient @Nullable Duration retryAfter;

    public RegistryException(ErrorCode code, String message) {
        this(code, message, null, null);
    }

    public RegistryException(ErrorCode code, String message, @Nullable Throwable cause) {
        this(code, message, cause, null);
    }

    /**
     * Makes an exception with a cause and a time to wait.
     *
     * @param retryAfter the time after which a retry can succeed, for the {@code Retry-After} header
     */
    public RegistryException(ErrorCode code, String message, @Nullable Throwable cause, @Nullable Duration retryAfter) {
        super(message, cause, false, code == ErrorCode.INTERNAL);
        this.code = code;
        this.retryAfter = retryAfter;
    }

    public ErrorCode code() {
        return code;
    }

    public Optional<Duration> retryAfter() {
        return Optional.ofNullable(retryAfter);
    }

    @Override
    public String getMessage() {
        return String.valueOf(super.getMessage());
    }
}
