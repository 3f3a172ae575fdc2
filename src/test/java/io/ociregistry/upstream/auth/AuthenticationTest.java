package io.ociregistry.upstream.auth;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.config.model.AuthConfig;
import io.ociregistry.config.model.UpstreamConfig;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.Recorded;
import io.ociregistry.upstream.Upstream;
import io.ociregistry.upstream.UpstreamTestBase;
import io.ociregistry.upstream.Upstreams;
import io.ociregistry.upstream.address.Origin;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Basic and Bearer authentication with a real registry. */
class AuthenticationTest extends UpstreamTestBase {
    private final FakeUpstream fake = started(FakeUpstream.start());
    private final FakeImage image = image(fake);

    @Test
    void anonymousTokenIsFetchedOnceForManyRequests() {
        fake.requireAnonymousBearer();
        Upstream upstream = upstream(fake);
        for (int i = 0; i < 3; i++) {
            assertArrayEquals(image.manifest(), manifest(upstream));
        }
        assertEquals(1, fake.requests(Match.of(Recorded.Kind.TOKEN)).size());
        assertEquals(List.of(401, 200, 200, 200), statuses());
    }

    @Test
    void passwordGoesOnlyToTheTokenService() {
        fake.requireBearer("puller", "geheim");
        assertArrayEquals(image.manifest(), manifest(upstream(fake, account("puller", "geheim"))));
        String basic = "Basic " + Base64.getEncoder().encodeToString("puller:geheim".getBytes(StandardCharsets.UTF_8));
        assertEquals(
                basic,
                fake.requests(Match.of(Recorded.Kind.TOKEN))
                        .get(0)
                        .header("Authorization")
                        .orElse(""));
        fake.requests(Match.manifests())
                .forEach(request ->
                        assertFalse(request.header("Authorization").orElse("").contains("Basic")));
    }

    @Test
    void refusedTokenIsReplacedAndThirdRefusalIsFinal() {
        fake.requireAnonymousBearer();
        Upstream upstream = upstream(fake);
        manifest(upstream);
        fake.revokeTokens();
        assertArrayEquals(image.manifest(), manifest(upstream));
        assertEquals(2, fake.requests(Match.of(Recorded.Kind.TOKEN)).size());

        fake.on(Match.manifests()).always(new Fault.ExpiredToken());
        int before = fake.requests(Match.manifests()).size();
        fails(ErrorCode.DENIED, () -> manifest(upstream));
        assertEquals(3, fake.requests(Match.manifests()).size() - before);
    }

    @Test
    void concurrentRequestsFetchOneToken() throws Exception {
        fake.requireAnonymousBearer();
        Upstream upstream = upstream(fake);
        ExecutorService clients = Executors.newFixedThreadPool(20);
        for (int i = 0; i < 20; i++) {
            clients.execute(() -> manifest(upstream));
        }
        clients.shutdown();
        assertTrue(clients.awaitTermination(30, TimeUnit.SECONDS));
        assertEquals(1, fake.requests(Match.of(Recorded.Kind.TOKEN)).size());
        assertEquals(
                20,
                fake.requests(Match.manifests()).stream()
                        .filter(r -> r.status() == 200)
                        .count());
    }

    @Test
    void basicIsSentAtOnceAfterTheFirstChallenge() {
        fake.requireBasic("puller", "geheim");
        Upstream upstream = upstream(fake, account("puller", "geheim"));
        manifest(upstream);
        manifest(upstream);
        assertEquals(List.of(401, 200, 200), statuses());
    }

    @Test
    void wrongPasswordIsTriedOnceAndNotReported() {
        fake.requireBasic("puller", "geheim");
        RegistryException denied =
                fails(ErrorCode.DENIED, () -> manifest(upstream(fake, account("puller", "falsch-123"))));
        assertEquals(List.of(401, 401), statuses());
        assertFalse(denied.getMessage().contains("falsch"), denied.getMessage());
        fails(ErrorCode.DENIED, () -> manifest(upstream(fake)));
    }

    static Stream<Fault> uselessTokenAnswers() {
        return Stream.of(new Fault.Html(), new Fault.Empty200(), Fault.status(500));
    }

    @ParameterizedTest
    @MethodSource("uselessTokenAnswers")
    void invalidTokenAnswerIsABadAnswer(Fault fault) {
        fake.requireAnonymousBearer();
        fake.on(Match.of(Recorded.Kind.TOKEN)).always(fault);
        fails(ErrorCode.UPSTREAM_BAD_ANSWER, () -> manifest(upstream(fake)));
    }

    @Test
    void tokenServiceStatusMapsToErrorCode() {
        fake.requireAnonymousBearer();
        fake.on(Match.of(Recorded.Kind.TOKEN)).once(Fault.status(403));
        fails(ErrorCode.DENIED, () -> manifest(upstream(fake)));
        fake.on(Match.of(Recorded.Kind.TOKEN)).once(Fault.status(429));
        assertTrue(fails(ErrorCode.TOO_MANY_REQUESTS, () -> manifest(upstream(fake)))
                .retryAfter()
                .isPresent());
    }

    @Test
    void tokenServiceOfAnotherSiteGetsNoPassword() {
        FakeUpstream tokens = started(FakeUpstream.start());
        tokens.requireBearer("puller", "geheim");
        fake.requireBearer("puller", "geheim").tokensFrom(tokens);
        // The registry has a name of another site than the token service, which is at 127.0.0.1.
        Upstreams upstreams = upstreams(UpstreamConfig.of("r.example")
                .withEndpoint("http://r.example:" + fake.port())
                .withAuth(AuthConfig.basic("puller", "geheim")));
        fails(ErrorCode.DENIED, () -> manifest(upstreams.get(RegistryName.parse("r.example"))));
        tokens.requests()
                .forEach(request -> assertTrue(request.header("Authorization").isEmpty()));
        assertEquals(1, tokens.requests().size());
    }

    @Test
    void dockerHubAndItsTokenServiceAreOneSite() {
        Origin hub = Origin.of(URI.create("https://registry-1.docker.io"));
        assertTrue(hub.isSameSite(Origin.of(URI.create("https://auth.docker.io/token"))));
        assertFalse(hub.isSameSite(Origin.of(URI.create("https://auth.docker.com/token"))));
        assertFalse(Origin.of(URI.create("https://a.co.uk")).isSameSite(Origin.of(URI.create("https://b.co.uk"))));
    }

    private List<Integer> statuses() {
        return fake.requests(Match.manifests()).stream().map(Recorded::status).toList();
    }
}
