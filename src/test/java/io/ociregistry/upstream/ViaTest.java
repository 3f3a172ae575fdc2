package io.ociregistry.upstream;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

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
}
