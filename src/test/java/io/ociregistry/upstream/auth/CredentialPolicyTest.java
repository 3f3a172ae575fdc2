package io.ociregistry.upstream.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ociregistry.common.Secret;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.testing.LogLines;
import io.ociregistry.upstream.address.Origin;
import io.ociregistry.upstream.address.SourceAddress;
import io.ociregistry.upstream.credentials.Credentials;
import io.ociregistry.upstream.health.RequestOutcomes;
import java.net.URI;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class CredentialPolicyTest {
    private static final Optional<URI> OWN = Optional.of(URI.create("https://auth.example.com/token"));
    private static final Optional<URI> FOREIGN = Optional.of(URI.create("https://auth.example.org/token"));
    private static final Credentials ROBOT = new Credentials.Account("robot", new Secret("s3cret"));
    private static final Credentials TOKEN = new Credentials.RegistryToken(new Secret("t0ken"));

    private final AtomicReference<Optional<Credentials>> available = new AtomicReference<>(Optional.of(ROBOT));
    private final CredentialPolicy policy = policy("https://registry.example.com");

    private CredentialPolicy policy(String registry) {
        RegistryName name = RegistryName.parse("registry.example.com");
        SourceAddress address = new SourceAddress(name, Origin.of(URI.create(registry)), false);
        return new CredentialPolicy(address, available::get, List.of(), new RequestOutcomes(Clock.systemUTC()));
    }

    @Test
    void tokenServiceOfAnotherSiteGetsNoCredentialsAndIsLoggedOnce() {
        try (LogLines log = LogLines.of("io.ociregistry")) {
            for (int i = 0; i < 3; i++) {
                assertEquals(Authorization.ANONYMOUS, policy.initial(FOREIGN, "team/app"));
            }
            assertEquals(1, log.at("WARN").size(), log.text());
        }
        assertEquals(Authorization.of(ROBOT), policy.initial(OWN, "team/app"));
        assertEquals(Authorization.of(ROBOT), policy.initial(Optional.empty(), "team/app"));
    }

    @Test
    void withoutTlsOnlyTheRegistryHostGetsCredentials() {
        CredentialPolicy plain = policy("http://registry.example.com:5000");
        Optional<URI> same = Optional.of(URI.create("http://registry.example.com:5001/token"));
        Optional<URI> other = Optional.of(URI.create("http://auth.example.com/token"));
        assertEquals(Authorization.of(ROBOT), plain.initial(same, "team/app"));
        assertEquals(Authorization.ANONYMOUS, plain.initial(other, "team/app"));
        assertEquals(Authorization.of(ROBOT), plain.initial(OWN, "team/app"));
    }

    @Test
    void replacementIsNotSentToOtherSites() {
        available.set(Optional.of(TOKEN));
        assertEquals(Authorization.of(TOKEN), policy.initial(FOREIGN, "team/app"));
        available.set(Optional.of(ROBOT));
        assertEquals(Authorization.ANONYMOUS_FALLBACK, policy.replacement(TOKEN, FOREIGN, "team/app", "401"));
        assertEquals(Authorization.of(ROBOT), policy.replacement(TOKEN, OWN, "team/app", "401"));
    }

    @Test
    void refusalAppliesToOneRepositoryAndIsLoggedOnce() {
        try (LogLines log = LogLines.of("io.ociregistry")) {
            for (int i = 0; i < 3; i++) {
                assertEquals(Authorization.ANONYMOUS_FALLBACK, policy.replacement(ROBOT, OWN, "team/app", "401"));
            }
            assertEquals(1, log.at("WARN").size(), log.text());
        }
        assertEquals(Authorization.ANONYMOUS_FALLBACK, policy.initial(OWN, "team/app"));
        assertEquals(Authorization.of(ROBOT), policy.initial(OWN, "team/other"));
        available.set(Optional.of(TOKEN));
        assertEquals(Authorization.of(TOKEN), policy.initial(OWN, "team/app"));
    }
}
