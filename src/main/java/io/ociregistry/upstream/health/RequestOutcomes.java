package io.ociregistry.upstream.health;

import io.ociregistry.common.Causes;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.upstream.SourceState;
import io.ociregistry.upstream.address.AddressGuard;
import java.time.Clock;
import java.time.Instant;
import java.util.EnumSet;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Remembers the results of the requests to one source of a registry, for operators. Thread-safe.
 *
 * <p>A failure that does not depend on the requested content is a problem until the next success. A 401 or 403 of the
 * source is no problem by itself, because any client can cause one by the name of a private repository. Refused
 * credentials are a problem until a request with credentials succeeds.
 */
public final class RequestOutcomes {
    /** Errors that say nothing about the source. */
    private static final Set<ErrorCode> UNRELATED = EnumSet.of(
            ErrorCode.MANIFEST_UNKNOWN,
            ErrorCode.BLOB_UNKNOWN,
            ErrorCode.NAME_UNKNOWN,
            ErrorCode.OVERLOADED,
            ErrorCode.LOOP);

    private final Clock clock;
    // Guarded by this.
    private @Nullable String problem;
    private @Nullable String refusedCredentials;
    private SourceState.@Nullable Failure lastError;
    private @Nullable Instant lastSuccess;

    public RequestOutcomes(Clock clock) {
        this.clock = clock;
    }

    /** Sends a request, and records its failure. */
    public <T> T observe(Supplier<T> request) {
        try {
            return request.get();
        } catch (RegistryException e) {
            recordFailure(e);
            throw e;
        }
    }

    /** Records an answer with content. */
    public synchronized void recordSuccess(boolean withCredentials) {
        lastSuccess = clock.instant();
        problem = null;
        if (withCredentials) {
            refusedCredentials = null;
        }
    }

    /** Records that a probe was answered while the source was down. */
    public synchronized void recordRecovery() {
        problem = null;
    }

    /** Records that the source or its token service refused the configured credentials. */
    public synchronized void recordRefusedCredentials(String reason) {
        refusedCredentials = reason;
        lastError = new SourceState.Failure(reason, clock.instant());
    }

    private synchronized void recordFailure(RegistryException failure) {
        if (UNRELATED.contains(failure.code())) {
            return;
        }
        lastError = new SourceState.Failure(failure.getMessage(), clock.instant());
        boolean isRefusedAddress =
                Causes.find(failure, AddressGuard.Refused.class).isPresent();
        if (failure.code().isUpstreamFailure() || isRefusedAddress) {
            problem = failure.getMessage();
        }
    }

    synchronized SourceState state(
            String url, boolean isMirror, Optional<RegistryException> refusal, OptionalLong remaining) {
        return new SourceState(
                url,
                isMirror,
                refusal,
                Optional.ofNullable(problem).or(() -> Optional.ofNullable(refusedCredentials)),
                Optional.ofNullable(lastError),
                Optional.ofNullable(lastSuccess),
                refusedCredentials != null,
                remaining);
    }
}
