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
    private final @Nullable String sender;
    private final boolean remembered;

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
        this.sender = cause instanceof RegistryException first ? first.sender : null;
        this.remembered = cause instanceof RegistryException first && first.remembered;
    }

    private RegistryException(RegistryException same, @Nullable String sender, boolean remembered) {
        super(same.getMessage(), same, false, false);
        this.code = same.code;
        this.retryAfter = same.retryAfter;
        this.sender = sender;
        this.remembered = remembered;
    }

    /** Returns the same error as that of a request to this registry or mirror. */
    public RegistryException from(String registryOrMirror) {
        return new RegistryException(this, registryOrMirror, false);
    }

    /** Returns the same error as one that was remembered from an earlier request. */
    public RegistryException asRemembered() {
        return new RegistryException(this, sender, true);
    }

    /** Returns the registry or mirror whose answer, or missing answer, is the error; empty if none was asked. */
    public Optional<String> sender() {
        return Optional.ofNullable(sender);
    }

    /** Returns true if the error is that of an earlier request. */
    public boolean isRemembered() {
        return remembered;
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
