package io.ociregistry.upstream.address;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.RegistryException;
import java.net.URI;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** URIs that registries may name as redirect target or token service. */
class AllowedTargetsTest {
    @ParameterizedTest
    @CsvSource({
        // registry, configured, target, error
        "https://r.example, true, https://cdn.example/x, ",
        "https://r.example, true, https://cdn.example:8443/x, ",
        "https://r.example, true, http://cdn.example/x, UPSTREAM_BAD_ANSWER",
        "https://r.example, true, ftp://cdn.example/x, UPSTREAM_BAD_ANSWER",
        "https://r.example, true, https://user@cdn.example/x, UPSTREAM_BAD_ANSWER",
        "https://r.example, true, /no/host, UPSTREAM_BAD_ANSWER",
        "http://r.example, true, http://cdn.example/x, ",
        "http://r.example, true, https://cdn.example/x, ",
        "https://r.example, false, https://cdn.example/x, ",
        "https://r.example, false, https://cdn.example:443/x, ",
        "https://r.example, false, https://cdn.example:22/x, DENIED",
        "https://r.example, false, https://r.example:5000/x, DENIED",
        "https://r.example:5000, false, https://cdn.example:5000/x, ",
        "https://r.example:5000, false, https://cdn.example/x, ",
        "https://r.example:5000, false, http://cdn.example:5000/x, UPSTREAM_BAD_ANSWER",
    })
    void targetsOfARegistryAreChecked(String registry, boolean configured, URI target, String refusal) {
        AllowedTargets targets = new AllowedTargets(Origin.of(URI.create(registry)), configured);
        if (refusal == null) {
            assertEquals(Origin.of(target), targets.check(target));
            return;
        }
        RegistryException refused = assertThrows(RegistryException.class, () -> targets.check(target));
        assertEquals(refusal, refused.code().name());
        assertTrue(refused.getMessage().startsWith(registry), refused.getMessage());
    }
}
