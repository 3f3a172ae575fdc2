package io.ociregistry.upstream.address;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.net.URI;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OriginTest {
    @ParameterizedTest
    @CsvSource({
        "https://ghcr.io/v2/x?y, https://ghcr.io",
        "HTTPS://GHCR.io:443, https://ghcr.io",
        "http://ghcr.io:443, http://ghcr.io:443",
        "http://ghcr.io:80/, http://ghcr.io",
        "https://ghcr.io:/, https://ghcr.io",
        "https://[::1]:5000/, https://[::1]:5000",
        "https://[::1]/, https://[::1]",
        "https://under_score.example.com:5000/, https://under_score.example.com:5000",
    })
    void originIsSchemeHostAndPort(String uri, String shown) {
        assertEquals(shown, Origin.of(URI.create(uri)).toString());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "/v2/",
                "//ghcr.io/",
                "ftp://ghcr.io/",
                "file:///etc/passwd",
                "https:ghcr.io",
                "https:///x",
                "https://:443/x",
                "https://user@ghcr.io/",
                "https://user:pw@ghcr.io/",
                "https://ghcr.io:port/",
                "https://ghcr.io:99999/",
                "https://ghcr.io:0/",
                "https://ghcr.io:+443/",
                "https://ghcr.io:-1/"
            })
    void invalidOriginIsRefused(String uri) {
        assertThrows(IllegalArgumentException.class, () -> Origin.of(URI.create(uri)));
    }

    @ParameterizedTest
    @CsvSource({
        "https://auth.docker.io, https://registry-1.docker.io, true",
        "https://gitlab.com, https://registry.gitlab.com, true",
        "https://registry:5000, https://registry:5001, true",
        "https://127.0.0.1:5000, https://127.0.0.1:5001, true",
        "https://docker.io.evil.com, https://registry-1.docker.io, false",
        "https://evildocker.io, https://docker.io, false",
        "https://a.co.uk, https://b.co.uk, false",
        "https://a.github.io, https://b.github.io, false",
        "https://a.io, https://b.io, false",
        "https://127.0.0.1, https://126.0.0.1, false",
        "https://10.0.0.1, https://11.0.0.1, false",
        "https://[::1], https://[::2], false",
        "https://registry, https://auth, false",
    })
    void siteIsTheRegistrableDomain(String one, String other, boolean same) {
        assertEquals(same, Origin.of(URI.create(one)).isSameSite(Origin.of(URI.create(other))));
        assertEquals(same, Origin.of(URI.create(other)).isSameSite(Origin.of(URI.create(one))));
    }
}
