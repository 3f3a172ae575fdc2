package io.ociregistry.upstream.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.common.Secret;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class BearerTokensTest {
    private static final TokenRequest REQUEST = request("repository:x:pull");

    // The clock of System.nanoTime() may overflow.
    private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 1);
    private final AtomicInteger requests = new AtomicInteger();
    private final BearerTokens tokens = new BearerTokens(
            request ->
                    new BearerTokens.Grant(new Secret("token-" + requests.incrementAndGet()), Duration.ofSeconds(100)),
            now::get);

    @Test
    void tokenIsCachedForFourFifthsOfItsLife() {
        assertEquals("token-1", tokens.get(REQUEST).token().reveal());
        now.addAndGet(Duration.ofSeconds(80).toNanos() - 1);
        assertEquals("token-1", tokens.get(REQUEST).token().reveal());
        now.addAndGet(1);
        assertEquals("token-2", tokens.get(REQUEST).token().reveal());
    }

    @Test
    void differentRequestsHaveDifferentTokens() {
        assertEquals("token-1", tokens.get(REQUEST).token().reveal());
        assertEquals("token-2", tokens.get(request("repository:y:pull")).token().reveal());
        assertEquals("token-1", tokens.get(REQUEST).token().reveal());
    }

    @Test
    void onlyTheRefusedTokenIsDropped() {
        Secret refused = tokens.get(REQUEST).token();
        tokens.invalidate(REQUEST, refused);
        assertEquals("token-2", tokens.get(REQUEST).token().reveal());
        tokens.invalidate(REQUEST, refused);
        assertEquals("token-2", tokens.get(REQUEST).token().reveal());
    }

    @Test
    void tokenIsFreshForTheCallThatFetchedIt() {
        assertTrue(tokens.get(REQUEST).fresh());
        assertFalse(tokens.get(REQUEST).fresh());
    }

    @Test
    void failureIsNotCached() {
        AtomicInteger tries = new AtomicInteger();
        BearerTokens failing = new BearerTokens(
                request -> {
                    if (tries.incrementAndGet() == 1) {
                        throw new RegistryException(ErrorCode.DENIED, "no");
                    }
                    return new BearerTokens.Grant(new Secret("late"), Duration.ofSeconds(100));
                },
                now::get);
        assertThrows(RegistryException.class, () -> failing.get(REQUEST));
        assertEquals("late", failing.get(REQUEST).token().reveal());
    }

    private static TokenRequest request(String scope) {
        return new TokenRequest(
                URI.create("https://auth.example.com/token"), Optional.empty(), Optional.of(scope), Optional.empty());
    }
}
