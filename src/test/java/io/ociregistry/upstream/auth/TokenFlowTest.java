package io.ociregistry.upstream.auth;

import static io.ociregistry.upstream.pool.TestUpstreams.assertHolds;
import static io.ociregistry.upstream.pool.TestUpstreams.failure;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.config.model.AuthConfig;
import io.ociregistry.config.model.TlsConfig;
import io.ociregistry.config.model.UpstreamConfig;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Gate;
import io.ociregistry.testing.LogLines;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.Recorded;
import io.ociregistry.testing.TestCertificates;
import io.ociregistry.upstream.BlobAnswer;
import io.ociregistry.upstream.ManifestAnswer;
import io.ociregistry.upstream.pool.TestUpstreams;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bearer tokens by distribution's token specification, and by the practice of registries. */
@Timeout(30)
class TokenFlowTest {
    private static final String REPOSITORY = "team/app";
    private static final Match TOKEN = Match.of(Recorded.Kind.TOKEN);
    private static final AuthConfig ACCOUNT = AuthConfig.basic("robot", "s3cret");

    private final FakeUpstream up = FakeUpstream.start();
    private final FakeUpstream other = FakeUpstream.start();
    private final FakeImage image = up.image(REPOSITORY, "1").layer(1000).push();
    private TestUpstreams upstreams = TestUpstreams.of(up);

    @AfterEach
    void stop() {
        upstreams.close();
        up.close();
        other.close();
    }

    @Test
    void anonymousTokenIsUsed() {
        up.requireAnonymousBearer();
        pull();
        assertEquals(
                List.of(
                        "GET /v2/team/app/manifests/1 401",
                        "GET /token?service=fake&scope=repository%3Ateam%2Fapp%3Apull 200",
                        "GET /v2/team/app/manifests/1 200"),
                seen(up));
        assertEquals(Optional.empty(), up.requests(TOKEN).get(0).header("Authorization"));
    }

    @Test
    void accountGoesOnlyToTheTokenService() {
        up.requireBearer("robot", "s3cret");
        upstreams = TestUpstreams.of(up, ACCOUNT);
        pull();
        Recorded token = up.requests(TOKEN).get(0);
        assertEquals("Basic cm9ib3Q6czNjcmV0", token.header("Authorization").orElseThrow());
        assertHolds("account=robot", token.query());
        up.requests(Match.manifests())
                .forEach(request ->
                        assertTrue(!request.header("Authorization").orElse("").startsWith("Basic")));
    }

    @Test
    void oneTokenServesAllRequestsToItsRepository() throws IOException {
        up.requireAnonymousBearer();
        pull();
        upstreams.get().headManifest(REPOSITORY, image.digest());
        upstreams.get().headBlob(REPOSITORY, image.layer(0));
        try (BlobAnswer blob = upstreams.get().blob(REPOSITORY, image.layer(0), 0)) {
            assertArrayEquals(image.layerBytes(0), blob.body().readAllBytes());
        }
        pull();
        assertEquals(1, up.requests(TOKEN).size());
        assertEquals(1, statuses(401), "only the first request is challenged");
    }

    @Test
    void eachRepositoryHasItsOwnToken() {
        up.requireAnonymousBearer();
        up.image("team/other", "1").push();
        pull();
        upstreams.manifest("team/other", "1");
        pull();
        assertEquals(2, up.requests(TOKEN).size());
    }

    @Test
    void fiftyRequestsShareOneToken() throws Exception {
        up.requireAnonymousBearer();
        Gate gate = up.hold(TOKEN);
        ExecutorService threads = Executors.newFixedThreadPool(50);
        try {
            List<Future<ManifestAnswer>> pulls = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                Callable<ManifestAnswer> pull = () -> upstreams.manifest(REPOSITORY, "1");
                pulls.add(threads.submit(pull));
            }
            gate.awaitReached();
            gate.release();
            for (Future<ManifestAnswer> pull : pulls) {
                assertArrayEquals(image.manifest(), pull.get().bytes());
            }
        } finally {
            threads.shutdownNow();
        }
        assertEquals(1, up.requests(TOKEN).size());
    }

    @Test
    void revokedTokenIsReplacedOnce() {
        up.requireAnonymousBearer();
        pull();
        up.revokeTokens();
        up.forgetRequests();
        pull();
        assertEquals(1, up.requests(TOKEN).size());
        assertEquals(2, up.requests(Match.manifests()).size());
    }

    @Test
    void secondTokenIsTriedAndItsRefusalIsFinal() {
        up.requireAnonymousBearer().tokensLive(Duration.ZERO);
        RegistryException denied = failure(ErrorCode.DENIED, this::pull);
        assertHolds("GET manifest registry.example.com/team/app:1: upstream answered 401", denied.getMessage());
        assertEquals(2, up.requests(TOKEN).size());
        assertEquals(3, up.requests(Match.manifests()).size());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void secondTokenOfReplicatedServiceIsAccepted(boolean anonymous) {
        if (anonymous) {
            up.requireAnonymousBearer();
        } else {
            up.requireBearer("robot", "s3cret");
            upstreams = TestUpstreams.of(up, ACCOUNT);
        }
        up.on(TOKEN).once(Fault.status(200).body("{\"token\":\"unknown-to-the-other-replica\"}"));
        try (LogLines log = LogLines.of("io.ociregistry")) {
            pull();
            assertEquals("", log.text(), "credentials do not count as refused");
        }
        assertEquals(2, up.requests(TOKEN).size());
        assertEquals(2, statuses(401));
        pull();
        assertEquals(2, up.requests(TOKEN).size(), "the second token is cached");
    }

    @Test
    void refusedCachedTokenIsReplacedAtMostTwice() {
        up.requireAnonymousBearer();
        pull();
        up.revokeTokens();
        up.tokensLive(Duration.ZERO);
        up.forgetRequests();
        failure(ErrorCode.DENIED, this::pull);
        assertEquals(2, up.requests(TOKEN).size());
        assertEquals(3, up.requests(Match.manifests()).size());
    }

    @Test
    void refusedFreshTokenOfFirstRequestIsReplacedOnce() {
        up.requireAnonymousBearer().tokensLive(Duration.ZERO);
        failure(ErrorCode.DENIED, this::pull);
        up.forgetRequests();
        // The challenge is known and no token is cached, so the request starts with a fresh one.
        failure(ErrorCode.DENIED, this::pull);
        assertEquals(2, up.requests(TOKEN).size());
        assertEquals(2, up.requests(Match.manifests()).size());
    }

    @Test
    void invalidTokenIsNotCached() {
        up.requireAnonymousBearer().tokensLive(Duration.ZERO);
        failure(ErrorCode.DENIED, this::pull);
        up.tokensLive(Duration.ofMinutes(5));
        pull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"access_token\":\"good\"}",
                "{\"access_token\":\"good\",\"token\":\"bad\"}",
                "{\"access_token\":\"\",\"token\":\"good\"}",
                "{\"access_token\":null,\"token\":\"good\"}",
                "{\"token\":\"good\",\"expires_in\":\"soon\",\"issued_at\":7}",
                "{\"token\":\"good\",\"expires_in\":99999999999999}",
            })
    void tokenIsReadFromBothFields(String answer) {
        challengeOnce("Bearer realm=\"" + other.url() + "/token\"");
        other.on(TOKEN).always(Fault.status(200).body(answer));
        pull();
        assertEquals(
                Optional.of("Bearer good"),
                up.requests(Match.manifests()).get(1).header("Authorization"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<html>Please log in</html>",
                "{}",
                "[]",
                "null",
                "\"token\"",
                "{\"token\":{}}",
                "{\"token\":\"\"}",
                "{\"token\":\"with\\r\\nHeader: injected\"}",
                "{\"token\":\"gO0d",
                "\u0000",
            })
    void answerWithoutTokenIsABadAnswer(String answer) {
        challengeAlways("Bearer realm=\"" + other.url() + "/token\"");
        other.on(TOKEN).always(Fault.status(200).body(answer));
        RegistryException bad = failure(ErrorCode.UPSTREAM_BAD_ANSWER, this::pull);
        assertHolds("GET manifest registry.example.com/team/app:1", bad.getMessage());
        assertHolds("GET token from " + other.url() + "/token", bad.getMessage());
        assertTrue(!bad.getMessage().contains("gO0d"), bad.getMessage());
    }

    @Test
    void emptyTokenAnswerIsABadAnswer() {
        up.requireAnonymousBearer();
        up.on(TOKEN).always(new Fault.Empty200());
        failure(ErrorCode.UPSTREAM_BAD_ANSWER, this::pull);
    }

    @Test
    void endlessTokenAnswerIsNotReadCompletely() {
        up.requireAnonymousBearer();
        up.on(TOKEN).always(new Fault.Padded(64 << 20));
        failure(ErrorCode.UPSTREAM_BAD_ANSWER, this::pull);
        Recorded token = up.requests(TOKEN).get(0);
        token.awaitFinished();
        assertTrue(token.bytesSent() < 32 << 20, token.bytesSent() + " bytes were read");
    }

    @ParameterizedTest
    @ValueSource(ints = {401, 403})
    void tokenServiceRefusalIsDenied(int status) {
        up.requireAnonymousBearer();
        up.on(TOKEN).always(Fault.status(status));
        RegistryException denied = failure(ErrorCode.DENIED, this::pull);
        assertHolds("GET manifest registry.example.com/team/app:1: ", denied.getMessage());
        assertEquals(1, up.requests(TOKEN).size());
    }

    @Test
    void rateLimitOfTokenServiceReportsRetryAfter() {
        up.requireAnonymousBearer();
        up.on(TOKEN).always(Fault.status(429).header("Retry-After", "77"));
        RegistryException limited = failure(ErrorCode.TOO_MANY_REQUESTS, this::pull);
        assertEquals(Optional.of(Duration.ofSeconds(77)), limited.retryAfter());
    }

    @Test
    void failedTokenRenewalNamesTheRequest() {
        up.requireAnonymousBearer();
        pull();
        up.revokeTokens();
        up.on(TOKEN).always(Fault.status(503));
        RegistryException failed = failure(ErrorCode.UPSTREAM_BAD_ANSWER, this::pull);
        assertHolds("GET manifest registry.example.com/team/app:1: ", failed.getMessage());
        // No token is cached now, so the next request fetches one before it is sent.
        failed = failure(ErrorCode.UPSTREAM_BAD_ANSWER, this::pull);
        assertHolds("GET manifest registry.example.com/team/app:1: ", failed.getMessage());
    }

    @Test
    void movedTokenServiceIsUsedAfterTheNextChallenge() {
        up.requireAnonymousBearer().tokensFrom(other);
        pull();
        up.revokeTokens();
        other.refuseConnections();
        failure(ErrorCode.UPSTREAM_UNREACHABLE, this::pull);
        up.requireAnonymousBearer();
        pull();
    }

    @Test
    void realmKeepsItsQuery() {
        challengeOnce("Bearer realm=\"" + other.url() + "/token?tenant=a%2Fb\"");
        other.on(TOKEN).always(Fault.status(200).body("{\"token\":\"t\"}"));
        pull();
        assertEquals(
                "tenant=a%2Fb&scope=repository%3Ateam%2Fapp%3Apull",
                other.requests().get(0).query());
    }

    @Test
    void scopeOfTheChallengeIsRequested() {
        challengeOnce("Basic realm=x, BEARER realm=\"" + other.url() + "/token\",scope=\"aws\",service=\"a b\"");
        other.on(TOKEN).always(Fault.status(200).body("{\"token\":\"t\"}"));
        pull();
        assertEquals("service=a+b&scope=aws", other.requests().get(0).query());
    }

    @Test
    void tokenServiceOfAnotherSiteGetsNoCredentials() {
        up.requireBearer("robot", "s3cret").tokensFrom(other);
        upstreams = named("registry.example.com", ACCOUNT);
        try (LogLines log = LogLines.of("io.ociregistry")) {
            failure(ErrorCode.DENIED, this::pull);
            assertHolds("which belongs to another site", log.text());
        }
        assertEquals(1, other.requests(TOKEN).size());
        assertEquals(Optional.empty(), other.requests().get(0).header("Authorization"));
        assertTrue(!other.requests().get(0).query().contains("robot"));
    }

    @Test
    void tokenServiceOfTheSiteGetsCredentialsOverTls(@TempDir Path dir) {
        TestCertificates authority = TestCertificates.create();
        try (FakeUpstream secured = FakeUpstream.startTls(authority.server("auth.example.com"))) {
            challengeOnce("Bearer realm=\"https://auth.example.com:" + secured.port() + "/token\"");
            secured.on(TOKEN).always(Fault.status(200).body("{\"token\":\"t\"}"));
            upstreams = named(
                    "registry.example.com",
                    ACCOUNT,
                    new TlsConfig(
                            Optional.of(authority.caPem(dir)),
                            Optional.empty(),
                            Optional.empty(),
                            Optional.empty(),
                            false));
            pull();
            assertEquals(
                    "Basic cm9ib3Q6czNjcmV0",
                    secured.requests().get(0).header("Authorization").orElseThrow());
        }
    }

    @Test
    void tokenServiceOnAnotherHostGetsNoCredentialsWithoutTls() {
        challengeOnce("Bearer realm=\"http://auth.example.com:" + other.port() + "/token\"");
        other.on(TOKEN).always(Fault.status(200).body("{\"token\":\"t\"}"));
        upstreams = named("registry.example.com", ACCOUNT);
        pull();
        assertEquals(Optional.empty(), other.requests().get(0).header("Authorization"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "/token"})
    void configuredTokenServiceGetsCredentials(String path) {
        up.requireBearer("robot", "s3cret").tokensFrom(other);
        upstreams = named(
                "registry.example.com", new AuthConfig.WithRealms(ACCOUNT, List.of(URI.create(other.url() + path))));
        pull();
        assertEquals(
                "Basic cm9ib3Q6czNjcmV0",
                other.requests(TOKEN).get(0).header("Authorization").orElseThrow());
    }

    @ParameterizedTest
    @ValueSource(strings = {"/other", "/token/", "/tokens"})
    void otherServiceAtTheConfiguredHostGetsNoCredentials(String path) {
        up.requireBearer("robot", "s3cret").tokensFrom(other);
        upstreams = named(
                "registry.example.com", new AuthConfig.WithRealms(ACCOUNT, List.of(URI.create(other.url() + path))));
        failure(ErrorCode.DENIED, this::pull);
        assertEquals(Optional.empty(), other.requests(TOKEN).get(0).header("Authorization"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "Bearer",
                "Bearer realm=\"\"",
                "Bearer realm=/token",
                "Bearer realm=\"ftp://x/\"",
                "Bearer realm=\"http://user@127.0.0.1/\"",
                "Bearer realm=\"http://127.0.0.1:99999/\"",
                "Bearer realm=\"http://a b/\"",
                "Bearer realm=\"file:///etc/passwd\"",
                "garbage",
                "Negotiate"
            })
    void unusableChallengeIsABadAnswer(String challenge) {
        challengeAlways(challenge);
        RegistryException failed = org.junit.jupiter.api.Assertions.assertThrows(RegistryException.class, this::pull);
        assertTrue(failed.code() == ErrorCode.DENIED || failed.code() == ErrorCode.UPSTREAM_BAD_ANSWER, failed + "");
        assertHolds("GET manifest registry.example.com/team/app:1: ", failed.getMessage());
        assertEquals(1, up.requests().size());
    }

    @Test
    void tokenServiceFailureIsOneLine() {
        challengeAlways("Bearer realm=\"" + other.url() + "/token%0A2026-01-01 ERROR%0d\"".replace(" ", "%20"));
        RegistryException failed = org.junit.jupiter.api.Assertions.assertThrows(RegistryException.class, this::pull);
        assertHolds("/token%0A2026-01-01%20ERROR%0d", failed.getMessage());
        assertEquals(1, failed.getMessage().lines().count());
    }

    private ManifestAnswer pull() {
        ManifestAnswer answer = upstreams.manifest(REPOSITORY, "1");
        assertArrayEquals(image.manifest(), answer.bytes());
        return answer;
    }

    private TestUpstreams named(String name, AuthConfig auth) {
        return named(name, auth, TlsConfig.DEFAULT);
    }

    private TestUpstreams named(String name, AuthConfig auth, TlsConfig tls) {
        return new TestUpstreams()
                .with(UpstreamConfig.of(name)
                        .withEndpoint("http://" + name + ":" + up.port())
                        .withAuth(auth)
                        .withTls(tls));
    }

    private void challengeOnce(String challenge) {
        up.on(Match.manifests()).once(Fault.status(401).header("WWW-Authenticate", challenge));
    }

    private void challengeAlways(String challenge) {
        up.on(Match.manifests()).always(Fault.status(401).header("WWW-Authenticate", challenge));
    }

    private long statuses(int status) {
        return up.requests().stream()
                .filter(request -> request.status() == status)
                .count();
    }

    private static List<String> seen(FakeUpstream fake) {
        return fake.requests().stream().map(Recorded::toString).toList();
    }
}
