package io.ociregistry.upstream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(10)
class ViaTest {
    private static final Via TWO_HOPS = Via.parse(List.of("1.1 ociregistry-1, 1.1 ociregistry-2"));

    @Test
    void wrappedWorkHasHopsOnAnyThread() throws Exception {
        Supplier<Via> wrapped = TWO_HOPS.call(() -> Via.wrapSupplier(Via::current));
        assertEquals(2, TWO_HOPS.hops().size());
        assertEquals(TWO_HOPS, CompletableFuture.supplyAsync(wrapped).get(10, TimeUnit.SECONDS));
        assertEquals(TWO_HOPS, wrapped.get());
        assertEquals(List.of(), Via.current().hops());
    }

    @Test
    void parsesHopsWithAndWithoutComments() {
        assertEquals(
                List.of("1.0 fred", "HTTP/1.1 p.example.net:8080 (a, b)", "1.1 [::1]"),
                Via.parse(List.of("1.0 fred, HTTP/1.1 p.example.net:8080 (a, b)", "1.1 [::1]"))
                        .hops());
    }

    @Test
    void otherServersAreCountedButNotNamed() {
        Via via = Via.parse(List.of(
                "1.1 ociregistry-0123456789abcdef (x), HTTP/1.0 proxy.corp.example:80 (Squid), 1.1 ociregistry-0"));
        assertEquals(
                "1.1 ociregistry-0123456789abcdef, 1.1 somebody, 1.1 somebody, 1.1 ociregistry-fedcba9876543210",
                via.toHeader("ociregistry-fedcba9876543210"));
    }

    /** Headers of the maximal length; a pattern without bounds takes more than a second for some of them. */
    @ParameterizedTest
    @ValueSource(strings = {"a", "a b", "a b(", "a b(c", "a  ", "1.1 b,"})
    void parsesHostileHeaderQuickly(String piece) {
        String header = piece.repeat((16 << 10) / piece.length());
        assertTimeout(Duration.ofSeconds(2), () -> {
            for (int i = 0; i < 4; i++) {
                Via.parse(List.of(header));
            }
        });
    }
}
