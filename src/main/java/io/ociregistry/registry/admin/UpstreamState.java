package io.ociregistry.registry.admin;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.upstream.RequestKind;
import io.ociregistry.upstream.Upstream;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How it stands with one upstream, by what its answers told so far.
 *
 * @param configured whether it is among {@code registries}; others are anybody's
 * @param state {@code up}, {@code down}, or {@code limited} while it answers some requests with 429, or says that no
 *     requests remain
 * @param reason what clients are told meanwhile; none while it is up
 * @param retrySeconds until it is asked again; none while it is up
 */
public record UpstreamState(
        String registry,
        boolean configured,
        String state,
        @Nullable String reason,
        @Nullable Long retrySeconds) {
    /** Asks what is known, and not the upstream. */
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

    private static UpstreamState refused(Upstream upstream, boolean configured, RegistryException why) {
        return new UpstreamState(
                upstream.name().toString(),
                configured,
                why.code() == ErrorCode.TOO_MANY_REQUESTS ? "limited" : "down",
                why.getMessage(),
                why.retryAfter().map(left -> left.plusMillis(999).toSeconds()).orElse(null));
    }
}
