package io.ociregistry.oci;

import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A request that can't be answered as asked: thrown where it is noticed, by meaning, and rendered once, as OCI JSON.
 *
 * <p>The message is for the person at the client: what was attempted, on what, what happened and, where there is something, what to do.
 * It never holds a secret. It carries no stack trace unless it is {@link ErrorCode#INTERNAL}: users and networks cause the others.
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
     * With all there is to tell.
     *
     * @param retryAfter when trying again can make sense, for the {@code Retry-After} header
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
