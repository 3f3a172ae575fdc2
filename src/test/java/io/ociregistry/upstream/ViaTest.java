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
    private static final Via CAME = Via.parse(List.of("1.1 ociregistry-1, 1.1 ociregistry-2"));

    @Test
    void whatARequestCameThroughIsKnownToWhateverThreadGoesOnWithIt() throws Exception {
        Supplier<Via> then = CAME.during(() -> Via.keptFor(Via::here));
        assertEquals(2, CAME.hops().size());
        assertEquals(CAME, CompletableFuture.supplyAsync(then).get(10, TimeUnit.SECONDS));
        assertEquals(CAME, then.get());
        assertEquals(List.of(), Via.here().hops());
    }

    @Test
    void hopsAreReadWithAndWithoutComments() {
        assertEquals(
                List.of("1.0 fred", "HTTP/1.1 p.example.net:8080 (a, b)", "1.1 [::1]"),
                Via.parse(List.of("1.0 fred, HTTP/1.1 p.example.net:8080 (a, b)", "1.1 [::1]"))
                        .hops());
    }

    @Test
    void whoIsNoneOfOursIsCounted_andNotNamedToOthers() {
        Via via = Via.parse(List.of(
                "1.1 ociregistry-0123456789abcdef (x), HTTP/1.0 proxy.corp.example:80 (Squid), 1.1 ociregistry-0"));
        assertEquals(
                "1.1 ociregistry-0123456789abcdef, 1.1 somebody, 1.1 somebody, 1.1 ociregistry-fedcba9876543210",
                via.andThrough("ociregistry-fedcba9876543210"));
    }

    /** As long as a server takes them. One of these took more than a second, for every request that has it. */
    @ParameterizedTest
    @ValueSource(strings = {"a", "a b", "a b(", "a b(c", "a  ", "1.1 b,"})
    void noHeaderTakesLong(String piece) {
        String header = piece.repeat((16 << 10) / piece.length());
        assertTimeout(Duration.ofSeconds(2), () -> {
            for (int i = 0; i < 4; i++) {
                Via.parse(List.of(header));
            }
        });
    }
}
