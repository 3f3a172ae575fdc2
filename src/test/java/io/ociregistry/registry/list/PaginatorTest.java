package io.ociregistry.registry.list;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.MediaType;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.upstream.ListAnswer;
import io.ociregistry.upstream.Upstream;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PaginatorTest {
    private static final int MAX_PAGES = 5000;

    private final Paginator pages = new Paginator(() -> Duration.ofMinutes(5), () -> this.now);
    private long now = Long.MAX_VALUE - Duration.ofMinutes(2).toNanos();

    @Test
    void pagesAreFetchedInOrder() {
        assertEquals(List.of("", "n=1", "n=2"), all(3, Duration.ofSeconds(100)));
    }

    @Test
    void listThatTakesTooLongIsAnError() {
        RegistryException failure = assertThrows(RegistryException.class, () -> all(5, Duration.ofSeconds(101)));
        assertEquals(ErrorCode.UPSTREAM_TIMEOUT, failure.code());
        assertEquals("GET tags/list of r.example/app: only 3 of its pages arrived in 300 s", failure.getMessage());
    }

    @Test
    void numberOfPagesIsLimited() {
        assertEquals(MAX_PAGES, all(MAX_PAGES, Duration.ZERO).size());
        RegistryException failure = assertThrows(RegistryException.class, () -> all(MAX_PAGES + 1, Duration.ZERO));
        assertEquals(ErrorCode.UPSTREAM_BAD_ANSWER, failure.code());
    }

    /** Fetches a list of {@code count} pages, each of which takes the given time; returns their queries. */
    private List<String> all(int count, Duration each) {
        int[] sent = {0};
        Upstream upstream = (Upstream) Proxy.newProxyInstance(
                PaginatorTest.class.getClassLoader(), new Class<?>[] {Upstream.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("name")) {
                        return RegistryName.parse("r.example");
                    }
                    now += each.toNanos();
                    byte[] query = arguments[2].toString().getBytes(StandardCharsets.UTF_8);
                    Optional<String> next = ++sent[0] < count ? Optional.of("n=" + sent[0]) : Optional.empty();
                    return new ListAnswer(200, MediaType.NONE, query, next, false);
                });
        return pages.fetchAll(
                        upstream,
                        "app",
                        "tags/list",
                        "",
                        answer -> Optional.of(new String(answer.bytes(), StandardCharsets.UTF_8)))
                .orElseThrow();
    }
}
