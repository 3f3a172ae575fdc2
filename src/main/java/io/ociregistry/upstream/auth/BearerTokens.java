package io.ociregistry.upstream.auth;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.ociregistry.common.Secret;
import io.ociregistry.oci.RegistryException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.LongSupplier;

/**
 * The tokens of one registry. Every token is asked for once, however many requests need it, and again when four fifths of its life are
 * over. A failure is told to all who wait for it and then forgotten.
 */
public final class BearerTokens {
    /** A thousand tokens as most are, or fewer longer ones. */
    private static final long MEMORY_BYTES = 4L << 20;

    private static final int OVERHEAD = 1024;

    /** A token as its service gave it, with its life from now on. */
    record Grant(Secret token, Duration life) {}

    /**
     * A token to send.
     *
     * @param fresh true if it was fetched for this call; false if it was held already
     */
    record Given(Secret token, boolean fresh) {}

    private record Held(Secret token, long renewAt) {}

    private final Function<TokenRequest, Grant> service;
    private final LongSupplier nanoTime;
    private final Cache<TokenRequest, Held> held = Caffeine.newBuilder()
            .maximumWeight(MEMORY_BYTES)
            .weigher((TokenRequest request, Held token) ->
                    OVERHEAD + token.token.reveal().length())
            .build();
    private final Map<TokenRequest, CompletableFuture<Secret>> underWay = new ConcurrentHashMap<>();

    /**
     * Tokens from a service.
     *
     * @param nanoTime a clock that nobody sets, as {@link System#nanoTime()} is: edge machines start with any time of day
     */
    public BearerTokens(Function<TokenRequest, Grant> service, LongSupplier nanoTime) {
        this.service = service;
        this.nanoTime = nanoTime;
    }

    /** The token; asks the service or waits for who is asking it, if there is none. */
    Given get(TokenRequest request) {
        Optional<Secret> good = good(request);
        if (good.isPresent()) {
            return new Given(good.get(), false);
        }
        CompletableFuture<Secret> mine = new CompletableFuture<>();
        CompletableFuture<Secret> other = underWay.putIfAbsent(request, mine);
        return new Given(other != null ? await(other) : fetch(request, mine), true);
    }

    /** Forgets a token that was refused, unless there is a newer one already. */
    void drop(TokenRequest request, Secret token) {
        Held entry = held.getIfPresent(request);
        if (entry != null && entry.token.equals(token)) {
            held.asMap().remove(request, entry);
        }
    }

    /** Forgets a token, whatever it was asked for. */
    void drop(Secret token) {
        held.asMap().values().removeIf(entry -> entry.token.equals(token));
    }

    private Secret fetch(TokenRequest request, CompletableFuture<Secret> mine) {
        try {
            // Who won the slot may have come too late: the one before filled the cache, then left the slot.
            Secret token = good(request).orElseGet(() -> grant(request));
            mine.complete(token);
            return token;
        } catch (Throwable e) {
            mine.completeExceptionally(e);
            throw e;
        } finally {
            underWay.remove(request, mine);
        }
    }

    private Secret grant(TokenRequest request) {
        Grant grant = service.apply(request);
        long renewAt =
                nanoTime.getAsLong() + grant.life().multipliedBy(4).dividedBy(5).toNanos();
        held.put(request, new Held(grant.token(), renewAt));
        return grant.token();
    }

    private Optional<Secret> good(TokenRequest request) {
        return Optional.ofNullable(held.getIfPresent(request))
                .filter(entry -> nanoTime.getAsLong() - entry.renewAt < 0)
                .map(Held::token);
    }

    private static Secret await(CompletableFuture<Secret> other) {
        try {
            return other.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RegistryException failure) {
                throw failure;
            }
            throw e;
        }
    }
}
