package io.ociregistry.upstream.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ociregistry.common.Secret;
import io.ociregistry.testing.LogLines;
import io.ociregistry.upstream.address.Origin;
import io.ociregistry.upstream.credentials.Credentials;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class CredentialPolicyTest {
    private static final Optional<URI> OWN = Optional.of(URI.create("https://auth.example.com/token"));
    private static final Optional<URI> FOREIGN = Optional.of(URI.create("https://auth.example.org/token"));
    private static final Credentials ROBOT = new Credentials.Account("robot", new Secret("s3cret"));
    private static final Credentials TOKEN = new Credentials.RegistryToken(new Secret("t0ken"));

    private final AtomicReference<Optional<Credentials>> known = new AtomicReference<>(Optional.of(ROBOT));
    private final CredentialPolicy identities =
            new CredentialPolicy(Origin.of(URI.create("https://registry.example.com")), known::get, List.of());

    @Test
    void aTokenServiceOfAnotherSiteIsAskedByNobody_whichIsToldOnce() {
        try (LogLines log = LogLines.of("io.ociregistry")) {
            for (int i = 0; i < 3; i++) {
                assertEquals(Authorization.NONE, identities.first(FOREIGN, "team/app"));
            }
            assertEquals(1, log.at("WARN").size(), log.text());
        }
        assertEquals(Authorization.of(ROBOT), identities.first(OWN, "team/app"));
        assertEquals(Authorization.of(ROBOT), identities.first(Optional.empty(), "team/app"));
    }

    @Test
    void withoutTlsOnlyTheRegistrysOwnHostIsTold() {
        CredentialPolicy plain =
                new CredentialPolicy(Origin.of(URI.create("http://registry.example.com:5000")), known::get, List.of());
        Optional<URI> same = Optional.of(URI.create("http://registry.example.com:5001/token"));
        Optional<URI> other = Optional.of(URI.create("http://auth.example.com/token"));
        assertEquals(Authorization.of(ROBOT), plain.first(same, "team/app"));
        assertEquals(Authorization.NONE, plain.first(other, "team/app"));
        assertEquals(Authorization.of(ROBOT), plain.first(OWN, "team/app"));
    }

    @Test
    void whatReplacesCredentialsIsKeptFromOtherSitesToo() {
        known.set(Optional.of(TOKEN));
        assertEquals(Authorization.of(TOKEN), identities.first(FOREIGN, "team/app"));
        known.set(Optional.of(ROBOT));
        assertEquals(Authorization.INSTEAD, identities.instead(TOKEN, FOREIGN, "team/app", "401"));
        assertEquals(Authorization.of(ROBOT), identities.instead(TOKEN, OWN, "team/app", "401"));
    }

    @Test
    void whatWasRefusedIsKnownForThatRepositoryAlone_andToldOnce() {
        try (LogLines log = LogLines.of("io.ociregistry")) {
            for (int i = 0; i < 3; i++) {
                assertEquals(Authorization.INSTEAD, identities.instead(ROBOT, OWN, "team/app", "401"));
            }
            assertEquals(1, log.at("WARN").size(), log.text());
        }
        assertEquals(Authorization.INSTEAD, identities.first(OWN, "team/app"));
        assertEquals(Authorization.of(ROBOT), identities.first(OWN, "team/other"));
        known.set(Optional.of(TOKEN));
        assertEquals(Authorization.of(TOKEN), identities.first(OWN, "team/app"));
    }
}
