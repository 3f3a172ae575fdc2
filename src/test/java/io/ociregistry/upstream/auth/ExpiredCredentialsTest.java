package io.ociregistry.upstream.auth;

import static io.ociregistry.upstream.pool.TestUpstreams.assertHolds;
import static io.ociregistry.upstream.pool.TestUpstreams.failure;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ociregistry.config.model.AuthConfig;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.LogLines;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.Recorded;
import io.ociregistry.upstream.pool.TestUpstreams;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Refused credentials do not block public images, and do not make private images look deleted. */
@Timeout(30)
class ExpiredCredentialsTest {
    private static final Match TOKEN = Match.of(Recorded.Kind.TOKEN);
    private static final String BASIC = "Basic cm9ib3Q6ZXhwaXJlZA==";

    private final FakeUpstream up = FakeUpstream.start();
    private final FakeImage image = up.image("team/app", "1").layer(1000).push();
    private final TestUpstreams upstreams = TestUpstreams.of(up, AuthConfig.basic("robot", "expired"));
    private LogLines log;

    @BeforeEach
    void listen() {
        log = LogLines.of("io.ociregistry");
    }

    @AfterEach
    void stop() {
        log.close();
        upstreams.close();
        up.close();
    }

    @Test
    void tokenServiceRefusalLeadsToOneAnonymousRequest() {
        up.requireAnonymousBearer();
        pull();
        assertEquals(List.of(BASIC, ""), authorizations(TOKEN));
        assertEquals(1, log.at("WARN").size(), log.text());
        assertHolds(
                up.url() + " refused the configured credentials for team/app, which are wrong or have expired: "
                        + "GET token from " + up.url() + "/token for repository:team/app:pull: upstream answered 401",
                log.text());
        // The refusal is remembered now.
        pull();
        assertEquals(2, up.requests(TOKEN).size());
    }

    @Test
    void tokenServiceForbiddenLeadsToOneAnonymousRequest() {
        up.requireAnonymousBearer();
        up.on(TOKEN).once(Fault.status(403));
        pull();
        assertEquals(List.of(BASIC, ""), authorizations(TOKEN));
    }

    @Test
    void firstRefusalIsReportedIfAnonymousIsRefusedToo() {
        up.requireBearer("robot", "renewed");
        RegistryException denied = failure(ErrorCode.DENIED, this::pull);
        assertHolds("GET manifest registry.example.com/team/app:1: GET token from ", denied.getMessage());
        assertHolds("needs other credentials than this server is configured with", denied.getMessage());
        assertEquals(2, up.requests(TOKEN).size());
    }

    @Test
    void failedTokenServiceIsNotAskedAnonymously() {
        up.requireAnonymousBearer();
        up.on(TOKEN).always(Fault.status(503));
        failure(ErrorCode.UPSTREAM_BAD_ANSWER, this::pull);
        assertEquals(List.of(BASIC), authorizations(TOKEN));
    }

    @ParameterizedTest
    @ValueSource(ints = {401, 403})
    void registryRefusalLeadsToAnAnonymousRequest(int status) {
        challengeBasicOnce();
        up.forgetRequests();
        up.on(Match.manifests()).once(Fault.status(status).header("WWW-Authenticate", "Basic realm=x"));
        pull();
        assertEquals(List.of(BASIC, ""), authorizations(Match.manifests()));
        assertHolds(
                "which are wrong or have expired: it answered " + status + "; continuing without credentials",
                log.text());
    }

    @Test
    void registryRefusalOfATokenLeadsToAnAnonymousToken() {
        up.requireBearer("robot", "expired");
        pull();
        up.on(Match.manifests()).once(Fault.status(403));
        up.on(TOKEN).always(Fault.status(200).body("{\"token\":\"t\"}"));
        failure(ErrorCode.DENIED, this::pull);
        assertEquals(List.of(BASIC, ""), authorizations(TOKEN));
        List<String> sent = authorizations(Match.manifests());
        assertEquals("Bearer t", sent.get(sent.size() - 1));
    }

    @Test
    void anonymousRequestIsNotRepeated() {
        up.on(Match.manifests()).always(Fault.status(403));
        failure(ErrorCode.DENIED, this::pull);
        assertEquals(1, up.requests().size());
    }

    @Test
    void notFoundWithoutCredentialsIsDenied() {
        challengeBasicOnce();
        up.on(Match.manifests()).once(Fault.status(401).header("WWW-Authenticate", "Basic realm=x"));
        up.on(Match.manifests()).always(Fault.status(404));
        for (int i = 0; i < 2; i++) {
            RegistryException denied = failure(ErrorCode.DENIED, this::pull);
            assertHolds("refused the configured credentials, and answered 404 without them", denied.getMessage());
        }
    }

    @Test
    void otherRepositoriesStillUseTheCredentials() {
        challengeBasicOnce();
        up.image("team/other", "1").push();
        up.on(Match.manifests()).once(Fault.status(403));
        pull();
        up.forgetRequests();
        upstreams.manifest("team/other", "1");
        pull();
        assertEquals(List.of(BASIC, ""), authorizations(Match.manifests()));
    }

    /** Sends one challenge, so that later requests carry the credentials at once. */
    private void challengeBasicOnce() {
        up.on(Match.manifests()).once(Fault.status(401).header("WWW-Authenticate", "Basic realm=x"));
        pull();
    }

    private void pull() {
        assertArrayEquals(image.manifest(), upstreams.manifest("team/app", "1").bytes());
    }

    private List<String> authorizations(Match match) {
        return up.requests(match).stream()
                .map(request -> request.header("Authorization").orElse(""))
                .toList();
    }
}
