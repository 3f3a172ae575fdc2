package io.ociregistry.upstream.credentials;

import static io.ociregistry.upstream.pool.TestUpstreams.assertHolds;
import static io.ociregistry.upstream.pool.TestUpstreams.failure;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.common.Secret;
import io.ociregistry.config.model.AuthConfig;
import io.ociregistry.config.model.UpstreamConfig;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.Recorded;
import io.ociregistry.upstream.pool.TestUpstreams;
import io.ociregistry.upstream.pool.UpstreamFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests with credentials of each kind of source. */
@Timeout(60)
class CredentialsTest {
    private static final Match TOKEN = Match.of(Recorded.Kind.TOKEN);

    @TempDir
    Path directory;

    private final FakeUpstream up = FakeUpstream.start();
    private final FakeImage image = up.image("team/app", "1").layer(1000).push();
    private TestUpstreams upstreams = TestUpstreams.of(up);

    @AfterEach
    void stop() {
        upstreams.close();
        up.close();
    }

    @Test
    void passwordIsTheFirstLineOfItsFile() throws IOException {
        Path file = Files.writeString(directory.resolve("password"), "s3cret \nof the robot\n");
        up.requireBasic("robot", "s3cret");
        use(new AuthConfig.AccountWithFile("robot", file));
        pull();
    }

    @Test
    void correctedPasswordFileIsUsedWithinSeconds() throws IOException {
        Path file = Files.writeString(directory.resolve("password"), "wrong");
        up.requireBearer("robot", "s3cret");
        use(new AuthConfig.AccountWithFile("robot", file));
        failure(ErrorCode.DENIED, this::pull);
        Files.writeString(file, "s3cret\n");
        pullsWithin(Duration.ofSeconds(10));
    }

    @Test
    void passwordThatTheRegistryAcceptsLaterIsRetried() {
        up.requireBasic("robot", "another");
        use(AuthConfig.basic("robot", "s3cret"));
        failure(ErrorCode.DENIED, this::pull);
        up.requireBasic("robot", "s3cret");
        pullsWithin(Duration.ofSeconds(20));
    }

    @Test
    void missingPasswordFileIsReportedWithTheRequest() {
        up.requireBasic("robot", "s3cret");
        Path file = directory.resolve("none");
        use(new AuthConfig.AccountWithFile("robot", file));
        RegistryException failed = failure(ErrorCode.UPSTREAM_UNREACHABLE, this::pull);
        assertHolds(
                "GET manifest registry.example.com/team/app:1: registries[registry.example.com].auth.passwordFile "
                        + file + " can't be used: ",
                failed.getMessage());
    }

    @Test
    void fileIsNotReadIfTheRegistrySendsNoChallenge() {
        use(new AuthConfig.DockerConfig(directory.resolve("none")));
        pull();
    }

    @Test
    void dockerConfigAccountIsUsedAndReloaded() throws IOException {
        Path config = directory.resolve("config.json");
        dockerLogin(config, "cm9ib3Q6b2xk");
        up.requireBasic("robot", "old");
        use(new AuthConfig.DockerConfig(config));
        pull();
        up.requireBasic("robot", "new");
        dockerLogin(config, "cm9ib3Q6bmV3");
        pullsWithin(Duration.ofSeconds(10));
        Files.writeString(config, "{\"auths\":");
        pullsWithin(Duration.ofSeconds(3));
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"credHelpers\":{\"%s\":\"x\"}}", "{\"credsStore\":\"x\",\"auths\":{\"%s\":{}}}"})
    void dockerConfigHelperGetsTheHostOfTheRegistry(String template) throws IOException {
        Path config = Files.writeString(directory.resolve("config.json"), template.formatted(up.registry()));
        HelperScripts scripts = new HelperScripts(directory).counting("x");
        up.requireBearer("robot", "s3cret-1");
        use(new AuthConfig.DockerConfig(config)).withHelpers(scripts.programs());
        pull();
        pull();
        assertEquals(List.of("get " + up.registry()), scripts.calls());
    }

    @Test
    void helperGetsTheDockerNameOfDockerHub() throws IOException {
        HelperScripts scripts = new HelperScripts(directory).counting("x");
        CredentialSource source = new CredentialSources(scripts.programs(), System::nanoTime)
                .of(
                        "registries[docker.io]",
                        helper(Optional.empty()),
                        UpstreamFactory.credentialServer(UpstreamConfig.of("docker.io")));
        source.get();
        assertEquals(List.of("get https://index.docker.io/v1/"), scripts.calls());
    }

    @Test
    void helperRunsAgainAfterItsCredentialsExpire() throws IOException {
        HelperScripts scripts = new HelperScripts(directory).counting("x");
        up.requireBasic("robot", "s3cret-1");
        use(helper(Optional.empty())).withHelpers(scripts.programs());
        pull();
        pull();
        assertEquals(1, scripts.calls().size());
        up.requireBasic("robot", "s3cret-2");
        pullsWithin(Duration.ofSeconds(10));
        assertEquals(2, scripts.calls().size());
    }

    @Test
    void credentialsAreRenewedBeforeTheyExpire() throws IOException {
        HelperScripts scripts = new HelperScripts(directory).counting("x");
        up.on(Match.manifests()).once(Fault.status(401).header("WWW-Authenticate", "Basic realm=x"));
        use(helper(Optional.of(Duration.ofSeconds(3)))).withHelpers(scripts.programs());
        pull();
        String first = lastAuthorization();
        long began = System.nanoTime();
        while (lastAuthorization().equals(first) && System.nanoTime() - began < 20_000_000_000L) {
            LockSupport.parkNanos(50_000_000);
            pull();
        }
        assertEquals(Credentials.encodeBasic("robot", new Secret("s3cret-2")).reveal(), lastAuthorization());
        assertTrue(System.nanoTime() - began > 1_000_000_000L, "the credentials lived for less than a second");
        assertEquals(1, statuses(401));
    }

    @Test
    void requestIsAnonymousIfTheHelperHasNoCredentials() throws IOException {
        up.requireAnonymousBearer();
        HelperScripts scripts =
                new HelperScripts(directory).with("x", "echo 'credentials not found in native keychain'; exit 1");
        use(helper(Optional.empty())).withHelpers(scripts.programs());
        pull();
    }

    @Test
    void missingHelperIsReportedWithTheRequest() {
        up.requireBasic("robot", "s3cret");
        use(new AuthConfig.Helper("ecr-login", Map.of(), Optional.empty()))
                .withHelpers(new HelperScripts(directory).programs());
        assertHolds(
                "GET manifest registry.example.com/team/app:1: docker-credential-ecr-login, which gives the"
                        + " credentials for " + up.registry() + ", is not on the PATH",
                failure(ErrorCode.UPSTREAM_UNREACHABLE, this::pull).getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"Basic realm=\"x\"", "Bearer realm=\"http://127.0.0.1:1/token\",service=\"s\""})
    void registryTokenIsSentWithTheRequiredScheme(String challenge) {
        up.on(Match.manifests()).once(Fault.status(401).header("WWW-Authenticate", challenge));
        use(new AuthConfig.Token(new Secret("t0ken")));
        pull();
        pull();
        String scheme = challenge.substring(0, challenge.indexOf(' '));
        assertEquals(3, up.requests().size());
        assertEquals(scheme + " t0ken", authorization(1));
        assertEquals(scheme + " t0ken", authorization(2));
    }

    @Test
    void identityTokenIsExchangedByPost() throws IOException {
        identity("\"identitytoken\":\"r3fresh&\"");
        up.requireAnonymousBearer();
        up.on(TOKEN).always(Fault.status(200).body("{\"access_token\":\"t\"}"));
        failure(ErrorCode.DENIED, this::pull);
        Recorded token = up.requests(TOKEN).get(0);
        assertEquals("POST /token 200", token.toString());
        assertEquals(Optional.empty(), token.header("Authorization"));
        assertHolds(
                "application/x-www-form-urlencoded",
                token.header("Content-Type").orElse(""));
        assertEquals(
                "grant_type=refresh_token&client_id=ociregistry&service=fake&scope=repository%3Ateam%2Fapp%3Apull"
                        + "&refresh_token=r3fresh%26",
                token.body());
        assertEquals("Bearer t", authorization(1));
    }

    @ParameterizedTest
    @ValueSource(ints = {400, 401, 404, 405})
    void identityTokenIsThePasswordIfPostIsUnsupported(int status) throws IOException {
        identity("\"auth\":\"cm9ib3Q6\",\"identitytoken\":\"r3fresh\"");
        up.requireBearer("robot", "r3fresh");
        up.on(TOKEN).once(Fault.status(status));
        pull();
        assertEquals(
                List.of(
                        "POST /token " + status,
                        "GET /token?service=fake&scope=repository%3Ateam%2Fapp%3Apull&account=robot 200"),
                up.requests(TOKEN).stream().map(Recorded::toString).toList());
    }

    private void identity(String entry) throws IOException {
        Path config = directory.resolve("config.json");
        Files.writeString(config, "{\"auths\":{\"" + up.registry() + "\":{" + entry + "}}}");
        use(new AuthConfig.DockerConfig(config));
    }

    private TestUpstreams use(AuthConfig auth) {
        upstreams = TestUpstreams.of(up, auth);
        return upstreams;
    }

    private static AuthConfig helper(Optional<Duration> life) {
        return new AuthConfig.Helper("x", Map.of(), life);
    }

    private void dockerLogin(Path config, String auth) throws IOException {
        Files.writeString(config, "{\"auths\":{\"" + up.registry() + "\":{\"auth\":\"" + auth + "\"}}}");
    }

    private void pull() {
        assertArrayEquals(image.manifest(), upstreams.manifest("team/app", "1").bytes());
    }

    private void pullsWithin(Duration time) {
        long began = System.nanoTime();
        while (true) {
            try {
                pull();
                return;
            } catch (RegistryException refused) {
                if (System.nanoTime() - began > time.toNanos()) {
                    throw refused;
                }
                LockSupport.parkNanos(50_000_000);
            }
        }
    }

    private String lastAuthorization() {
        return authorization(up.requests().size() - 1);
    }

    private String authorization(int request) {
        List<Recorded> manifests = up.requests(Match.manifests());
        return manifests
                .get(Math.min(request, manifests.size() - 1))
                .header("Authorization")
                .orElse("");
    }

    private long statuses(int status) {
        return up.requests().stream()
                .filter(request -> request.status() == status)
                .count();
    }
}
