package io.ociregistry.upstream.auth;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ociregistry.config.model.AuthConfig;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.Recorded;
import io.ociregistry.upstream.pool.TestUpstreams;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Challenges of known registries, and the resulting token requests. REALM is the URL of the token service. */
@Timeout(30)
class KnownChallengesTest {
    private static final Match TOKEN = Match.of(Recorded.Kind.TOKEN);
    private static final String OURS = "scope=repository%3Ateam%2Fapp%3Apull";

    private final FakeUpstream up = FakeUpstream.start();
    private final FakeImage image = up.image("team/app", "1").layer(1000).push();
    private TestUpstreams upstreams = TestUpstreams.of(up);

    @AfterEach
    void stop() {
        upstreams.close();
        up.close();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "Docker Hub | Bearer realm=\"REALM\",service=\"registry.docker.io\",scope=\"repository:team/app:pull\""
                        + " | service=registry.docker.io&OURS",
                "ghcr.io | Bearer realm=\"REALM\",service=\"ghcr.io\",scope=\"repository:team/app:pull\""
                        + " | service=ghcr.io&OURS",
                "quay.io, no scope | Bearer realm=\"REALM\",service=\"quay.io\" | service=quay.io&OURS",
                "registry.k8s.io, no scope and blanks | Bearer realm=\"REALM\", service=\"registry.k8s.io\""
                        + " | service=registry.k8s.io&OURS",
                "Artifact Registry, the realm alone | Bearer realm=\"REALM\" | OURS",
                "OpenShift CI, no service | Bearer realm=\"REALM\",scope=\"repository:team/app:pull\" | OURS",
                "ECR Public, a scope of its own | Bearer realm=\"REALM\",service=\"public.ecr.aws\",scope=\"aws\""
                        + " | service=public.ecr.aws&scope=aws",
                "Artifactory, another repository | Bearer realm=\"REALM\",service=\"x\","
                        + "scope=\"repository:docker-local/team/app:pull\""
                        + " | service=x&scope=repository%3Adocker-local%2Fteam%2Fapp%3Apull",
                "ACR, upper case | BEARER Realm=\"REALM\",SERVICE=\"r.azurecr.io\",SCOPE=\"repository:team/app:pull\""
                        + " | service=r.azurecr.io&OURS",
                "GitLab, with an error | Bearer realm=\"REALM\",service=\"container_registry\","
                        + "scope=\"repository:team/app:pull\",error=\"invalid_token\""
                        + " | service=container_registry&OURS",
                "Harbor, several actions | Bearer realm=\"REALM\",service=\"harbor-registry\","
                        + "scope=\"repository:team/app:pull,push\""
                        + " | service=harbor-registry&scope=repository%3Ateam%2Fapp%3Apull%2Cpush",
                "unquoted | Bearer realm=REALM,service=s | service=s&OURS",
                "Basic before Bearer | Basic realm=\"x\", Bearer realm=\"REALM\",service=\"z\" | service=z&OURS",
                "Bearer before Basic | Bearer realm=\"REALM\",service=\"z\",Basic realm=x | service=z&OURS",
                "a service that is empty | Bearer realm=\"REALM\",service=\"\",scope=\"\" | OURS",
                "a realm with a query | Bearer realm=\"REALM?a=b\",service=\"s\" | a=b&service=s&OURS",
            })
    void tokenRequestFollowsTheChallenge(String registry, String challenge, String query) {
        up.on(Match.manifests()).once(challenged(challenge));
        up.on(TOKEN).always(Fault.status(200).body("{\"token\":\"t\"}"));
        pull();
        assertEquals(query.replace("OURS", OURS), up.requests(TOKEN).get(0).query(), registry);
        assertEquals(Optional.of("Bearer t"), authorization(1), registry);
    }

    @Test
    void challengesInSeveralLinesAreRead() {
        up.on(Match.manifests())
                .once(challenged("Negotiate")
                        .header("WWW-Authenticate", "Basic realm=\"x\"")
                        .header("WWW-Authenticate", "Bearer realm=\"" + up.url() + "/token\",service=\"s\""));
        up.on(TOKEN).always(Fault.status(200).body("{\"token\":\"t\"}"));
        pull();
        assertEquals(Optional.of("Bearer t"), authorization(1));
    }

    @Test
    void challengeWithoutScopeGetsTheDefaultScope() {
        up.on(Match.manifests()).once(Fault.status(401));
        up.on(Match.of(Recorded.Kind.PING)).always(challenged("Bearer realm=\"REALM\",service=\"s\""));
        up.on(TOKEN).always(Fault.status(200).body("{\"token\":\"t\"}"));
        pull();
        assertEquals("service=s&" + OURS, up.requests(TOKEN).get(0).query());
        assertEquals(4, up.requests().size());
    }

    @ParameterizedTest
    @CsvSource({
        "'Bearer, Bearer realm=\"REALM\"', Bearer t",
        "'Bearer realm=\"\", Basic realm=x', Basic cm9ib3Q6czNjcmV0"
    })
    void challengeWithoutRealmIsSkipped(String challenge, String shown) {
        upstreams = TestUpstreams.of(up, AuthConfig.basic("robot", "s3cret"));
        up.on(Match.manifests()).once(challenged(challenge));
        up.on(TOKEN).always(Fault.status(200).body("{\"token\":\"t\"}"));
        pull();
        assertEquals(Optional.of(shown), authorization(1));
    }

    @ParameterizedTest
    @CsvSource({"BASIC realm=\"Sonatype Nexus Repository Manager\"", "Basic realm=/", "'Negotiate, basic'"})
    void basicChallengeGetsTheAccount(String challenge) {
        upstreams = TestUpstreams.of(up, AuthConfig.basic("robot", "s3cret"));
        up.on(Match.manifests()).once(challenged(challenge));
        pull();
        assertEquals(Optional.of("Basic cm9ib3Q6czNjcmV0"), authorization(1));
        assertEquals(List.of(), up.requests(TOKEN));
    }

    @Test
    void insufficientScopeIsReplacedOnce() {
        up.on(Match.manifests()).once(challenged("Bearer realm=\"REALM\",service=\"s\""));
        up.on(TOKEN).once(Fault.status(200).body("{\"token\":\"for-all\"}"));
        up.on(TOKEN).always(Fault.status(200).body("{\"token\":\"for-this\"}"));
        pull();
        up.forgetRequests();
        up.on(Match.manifests())
                .once(challenged("Bearer realm=\"REALM\",service=\"s\",scope=\"repository:team/app:pull,delete\","
                        + "error=\"insufficient_scope\""));
        pull();
        assertEquals(
                "service=s&scope=repository%3Ateam%2Fapp%3Apull%2Cdelete",
                up.requests(TOKEN).get(0).query());
        assertEquals(2, up.requests(Match.manifests()).size());
    }

    private Fault.Status challenged(String challenge) {
        return Fault.status(401).header("WWW-Authenticate", challenge.replace("REALM", up.url() + "/token"));
    }

    private void pull() {
        assertArrayEquals(image.manifest(), upstreams.manifest("team/app", "1").bytes());
    }

    private Optional<String> authorization(int manifestRequest) {
        return up.requests(Match.manifests()).get(manifestRequest).header("Authorization");
    }
}
