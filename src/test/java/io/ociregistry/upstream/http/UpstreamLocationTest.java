package io.ociregistry.upstream.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ociregistry.config.model.MirrorConfig;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.upstream.address.Origin;
import java.net.URI;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UpstreamLocationTest {
    private static final String MIRROR = "http://depot.example:8080";

    @ParameterizedTest
    @CsvSource({
        "quay.io, team/app, team/app",
        "quay.io, app.x, app.x",
        "quay.io, quay.io/app, quay.io:443/quay.io/app",
        "quay.io, ghcr.io/app, quay.io:443/ghcr.io/app",
        "harbor, localhost/app, harbor:443/localhost/app",
        "r.example:5000, r.example/app, r.example:5000/r.example/app",
        "[fe80::1]:5000, a.b/app, %5Bfe80::1%5D:5000/a.b/app"
    })
    void cachingMirrorGetsUnambiguousName(String registry, String name, String path) {
        UpstreamLocation cache = UpstreamLocation.of(MirrorConfig.of(MIRROR), RegistryName.parse(registry));
        assertEquals(
                URI.create(MIRROR + "/v2/" + path + "/tags/list?n=5&ns=" + registry),
                cache.uri(name, "tags/list", "n=5"));
    }

    @ParameterizedTest
    @CsvSource({"quay.io, quay.io/app", "quay.io, app"})
    void otherLocationsGetNameUnchanged(String registry, String name) {
        RegistryName parsed = RegistryName.parse(registry);
        Origin origin = Origin.of(URI.create(MIRROR));
        assertEquals(name, UpstreamLocation.of(origin).repository(name));
        assertEquals(
                "hub/" + name,
                UpstreamLocation.of(MirrorConfig.of(MIRROR).withPrefix("hub"), parsed)
                        .repository(name));
    }
}
