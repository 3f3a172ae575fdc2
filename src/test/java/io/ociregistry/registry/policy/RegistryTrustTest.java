package io.ociregistry.registry.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.common.Secret;
import io.ociregistry.config.model.AuthConfig;
import io.ociregistry.config.model.MirrorConfig;
import io.ociregistry.config.model.TlsConfig;
import io.ociregistry.config.model.UpstreamConfig;
import io.ociregistry.oci.RegistryName;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class RegistryTrustTest {
    private static final UpstreamConfig PLAIN = UpstreamConfig.of("r.example");

    static Stream<UpstreamConfig> withCredentials() {
        return Stream.of(
                PLAIN.withAuth(AuthConfig.basic("user", "pw")),
                PLAIN.withAuth(new AuthConfig.Token(new Secret("t"))),
                PLAIN.withAuth(new AuthConfig.DockerConfig(Path.of("config.json"))),
                PLAIN.withAuth(new AuthConfig.AccountWithFile("user", Path.of("password"))),
                PLAIN.withAuth(new AuthConfig.Helper("ecr-login", Map.of(), Optional.empty())),
                PLAIN.withTls(new TlsConfig(
                        Optional.empty(), Optional.of(Path.of("c.pem")), Optional.of(Path.of("k.pem")), false)));
    }

    @ParameterizedTest
    @MethodSource("withCredentials")
    void registryWithCredentialsIsNotPublic(UpstreamConfig registry) {
        assertFalse(trust(registry).isPublic(RegistryName.parse("r.example")));
        assertTrue(trust(registry).isConfigured(RegistryName.parse("r.example")));
    }

    @Test
    void registryWithCredentialsOfMirrorIsNotPublic() {
        MirrorConfig mirror = MirrorConfig.of("https://mirror.example");
        assertTrue(trust(PLAIN.withMirrors(mirror)).isPublic(RegistryName.parse("r.example")));
        assertFalse(trust(PLAIN.withMirrors(mirror.withAuth(AuthConfig.basic("user", "pw"))))
                .isPublic(RegistryName.parse("r.example")));
    }

    @Test
    void wildcardConfiguresMatchingRegistries() {
        RegistryTrust trust = trust(UpstreamConfig.of("*.corp.example").withAuth(AuthConfig.basic("user", "pw")));
        assertTrue(trust.isConfigured(RegistryName.parse("a.corp.example")));
        assertFalse(trust.isPublic(RegistryName.parse("a.b.corp.example")));
        assertFalse(trust.isConfigured(RegistryName.parse("corp.example")));
        assertTrue(trust.isPublic(RegistryName.parse("a.corp.example:5000")));
    }

    @Test
    void caAloneIsNoCredential() {
        TlsConfig authority = new TlsConfig(Optional.of(Path.of("ca.pem")), Optional.empty(), Optional.empty(), false);
        for (UpstreamConfig registry : List.of(PLAIN, PLAIN.withTls(authority))) {
            assertTrue(trust(registry).isPublic(RegistryName.parse("r.example")));
        }
    }

    @Test
    void unlistedRegistryIsPublicAndNotTrusted() {
        RegistryTrust trust = trust(PLAIN);
        assertEquals(true, trust.isPublic(RegistryName.parse("other.example")));
        assertEquals(false, trust.isConfigured(RegistryName.parse("other.example")));
        assertEquals(false, trust.isConfigured(RegistryName.parse("r.example:5000")));
    }

    @Test
    void registryStaysPrivateAfterReloadWithoutCredentials() {
        RegistryName name = RegistryName.parse("r.example");
        RegistryTrust before = trust(PLAIN.withAuth(AuthConfig.basic("user", "pw")));
        assertFalse(before.reloaded(List.of(PLAIN)).isPublic(name));
        assertFalse(before.reloaded(List.of()).reloaded(List.of(PLAIN)).isPublic(name));
        assertTrue(trust(PLAIN).reloaded(List.of(PLAIN)).isPublic(name));
    }

    @Test
    void exactEntryOverridesWildcardAfterReload() {
        List<UpstreamConfig> both = List.of(
                UpstreamConfig.of("*.r.example").withAuth(AuthConfig.basic("user", "pw")),
                UpstreamConfig.of("s.r.example"));
        RegistryTrust trust = new RegistryTrust(both);
        assertTrue(trust.reloaded(both).isPublic(RegistryName.parse("s.r.example")));
        assertFalse(trust.reloaded(both).isPublic(RegistryName.parse("t.r.example")));
    }

    private static RegistryTrust trust(UpstreamConfig registry) {
        return new RegistryTrust(List.of(registry));
    }
}
