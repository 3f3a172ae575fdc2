package io.ociregistry.registry.admin;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.upstream.RequestKind;
import io.ociregistry.upstream.Upstream;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The health of an upstream, according to its answers so far.
 *
 * @param configured whether it is listed under {@code registries}
 * @param state {@code up}, {@code down}, or {@code limited} while it answers some requests with 429, or says that no
 *     requests remain
 * @param reason the error that clients get in the meantime; null while it is up
 * @param retrySeconds the time until the next request to it; null while it is up
 */
public record UpstreamState(
        String registry,
        boolean configured,
        String state,
        @Nullable String reason,
        @Nullable Long retrySeconds) {
    /** Evaluates the known health; sends no request to the upstream. */
    static UpstreamState of(Upstream upstream, boolean configured) {
        for (RequestKind kind : RequestKind.values()) {
            Optional<RegistryException> refusal = refusal(upstream, kind);
            if (refusal.isPresent()) {
                return refused(upstream, configured, refusal.get());
            }
        }
        return new UpstreamState(upstream.name().toString(), configured, "up", null, null);
    }

    private static Optional<RegistryException> refusal(Upstream upstream, RequestKind kind) {
        try {
            upstream.check(kind);
            return Optional.empty();
        } catch (RegistryException e) {
            return Optional.of(e);
        }
    }

    private static UpstreamState refused(Upstream upstream, boolean configured, RegistryException failure) {
        return new UpstreamState(
                upstream.name().toString(),
                configured,
                failure.code() == ErrorCode.TOO_MANY_REQUESTS ? "limited" : "down",
                failure.getMessage(),
                failure.retryAfter()
                        .map(time -> time.plusMillis(999).toSeconds())
                        .orElse(null));
    }
}
