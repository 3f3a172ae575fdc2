package io.ociregistry.upstream.auth;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.ociregistry.common.Secret;
import io.ociregistry.common.SingleFlight;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.LongSupplier;

/**
 * The cache of the tokens of one registry. Concurrent requests for one token share one request to the token service. A
 * token is renewed after four fifths of its life.
 *
 * <p>A failure goes to all requests that wait for the token, and is not cached. Thread-safe.
 */
public final class BearerTokens {
    /** About a thousand tokens of usual length, or fewer longer ones. */
    private static final long MEMORY_BYTES = 4L << 20;

    private static final int OVERHEAD = 1024;

    /** A token of a token service, with its remaining life. */
    record Grant(Secret token, Duration life) {}

    /**
     * A token to send.
     *
     * @param fresh true if it was fetched for this call; false if it was cached
     */
    record TokenResult(Secret token, boolean fresh) {}

    private record CachedToken(Secret token, long renewAt) {}

    private final Function<TokenRequest, Grant> service;
    private final LongSupplier nanoTime;
    private final Cache<TokenRequest, CachedToken> cache = Caffeine.newBuilder()
            .maximumWeight(MEMORY_BYTES)
            .weigher((TokenRequest request, CachedToken token) ->
                    OVERHEAD + token.token.reveal().length())
            .build();
    private final SingleFlight<TokenRequest, Secret> inFlight = new SingleFlight<>();

    /**
     * Caches the tokens of a service.
     *
     * @param nanoTime a monotonic clock such as {@link System#nanoTime()}, because edge machines may start with a wrong
     *     date
     */
    public BearerTokens(Function<TokenRequest, Grant> service, LongSupplier nanoTime) {
        this.service = service;
        this.nanoTime = nanoTime;
    }

    /** Returns the token; if it is not cached, fetches it or waits for the request in flight. */
    TokenResult get(TokenRequest request) {
        Optional<Secret> valid = valid(request);
        if (valid.isPresent()) {
            return new TokenResult(valid.get(), false);
        }
        // A request that has just ended may have cached the token after the first lookup.
        Secret token = inFlight.run(request, () -> valid(request).orElseGet(() -> grant(request)));
        return new TokenResult(token, true);
    }

    /** Removes a refused token, unless a newer one has replaced it. */
    void invalidate(TokenRequest request, Secret token) {
        CachedToken entry = cache.getIfPresent(request);
        if (entry != null && entry.token.equals(token)) {
            cache.asMap().remove(request, entry);
        }
    }

    /** Removes a token, for whatever request it was fetched. */
    void invalidate(Secret token) {
        cache.asMap().values().removeIf(entry -> entry.token.equals(token));
    }

    private Secret grant(TokenRequest request) {
        Grant grant = service.apply(request);
        long renewAt =
                nanoTime.getAsLong() + grant.life().multipliedBy(4).dividedBy(5).toNanos();
        cache.put(request, new CachedToken(grant.token(), renewAt));
        return grant.token();
    }

    private Optional<Secret> valid(TokenRequest request) {
        return Optional.ofNullable(cache.getIfPresent(request))
                .filter(entry -> nanoTime.getAsLong() - entry.renewAt < 0)
                .map(CachedToken::token);
    }
}
