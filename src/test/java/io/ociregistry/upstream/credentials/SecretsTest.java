package io.ociregistry.upstream.credentials;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.common.Secret;
import io.ociregistry.config.model.AuthConfig;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.LogLines;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.Recorded;
import io.ociregistry.upstream.auth.Authorization;
import io.ociregistry.upstream.pool.TestUpstreams;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** No error and no log line of any level contains a secret. */
@Timeout(60)
class SecretsTest {
    private static final List<String> SECRETS =
            List.of("pa55word", "cm9ib3Q6cGE1NXdvcmQ=", "t0ken", "fake-token", "s1gnature", "pa55", "r3fresh");

    @TempDir
    Path directory;

    private final FakeUpstream up = FakeUpstream.start();
    private final FakeUpstream storage = FakeUpstream.start();
    private final FakeImage image = up.image("team/app", "1").layer(100_000).push();
    private TestUpstreams upstreams = TestUpstreams.of(up, AuthConfig.basic("robot", "pa55word"));
    private final StringBuilder messages = new StringBuilder();

    @AfterEach
    void stop() {
        upstreams.close();
        up.close();
        storage.close();
    }

    @Test
    void noFailureOfAnUpstreamRevealsASecret() {
        try (LogLines log = LogLines.of("ROOT")) {
            up.requireBasic("robot", "pa55word");
            attempts();
            up.requireBasic("robot", "another");
            attempts();
            up.requireBearer("robot", "pa55word");
            attempts();
            for (Fault fault : List.of(
                    Fault.status(500).body("you said pa55word"),
                    Fault.status(200).body("{\"token\":\"t0ken"),
                    Fault.status(200).body("t0ken"),
                    Fault.status(200).body("{\"token\":\"t0ken \\u0000\"}"),
                    new Fault.ResetBeforeHeaders(),
                    new Fault.CloseBeforeHeaders())) {
                up.revokeTokens();
                up.on(Match.of(Recorded.Kind.TOKEN)).times(2, fault);
                attempts();
                up.heal();
            }
            up.redirectBlobsTo(storage);
            for (Fault fault : List.of(
                    Fault.status(403),
                    new Fault.RedirectTo("/x?s1gnature=<>"),
                    new Fault.RedirectTo("ftp://x/?s1gnature=1"),
                    new Fault.RedirectTo("http://nowhere.invalid/?s1gnature=1"),
                    new Fault.RedirectTo("http://169.254.169.254/?s1gnature=1"),
                    new Fault.ResetBeforeHeaders(),
                    new Fault.RedirectLoop())) {
                storage.on(Match.blobs()).times(20, fault);
                attempts();
                storage.heal();
            }
            assertNoSecrets(log);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "echo '{\"Username\":\"robot\",\"Secret\":\"pa55word\"}'",
                "echo '{\"Username\":\"<token>\",\"Secret\":\"r3fresh\"}'",
                "echo '{\"Username\":\"robot\",\"Secret\":\"pa55word\"}' | tee /dev/stderr; exit 1",
                "echo '{\"Username\":\"robot\",\"Secret\":\"pa55word'",
                "echo pa55word",
            })
    void credentialHelperRevealsNoSecret(String script) throws IOException {
        HelperScripts scripts = new HelperScripts(directory).with("x", script);
        Path config = Files.writeString(directory.resolve("config.json"), "{\"credsStore\":\"x\"}");
        assertRevealsNothing(new AuthConfig.Helper("x", Map.of(), Optional.empty()), scripts.programs());
        assertRevealsNothing(new AuthConfig.DockerConfig(config), scripts.programs());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'auths':{'%s':{'auth':'cm9ib3Q6cGE1NXdvcmQ='}}}",
                "{'auths':{'%s':{'username':'robot','password':'pa55word'}}}",
                "{'auths':{'%s':{'identitytoken':'r3fresh'}}}",
                "{'auths':{'%s':{'registrytoken':'t0ken'}}}",
                "{'auths':{'%s':{'auth':'pa55word'}}}",
                "{'auths':{'%s':{'password':'pa55word",
            })
    void dockerConfigRevealsNoSecret(String template) throws IOException {
        String json = template.replace('\'', '"').formatted(up.registry());
        assertRevealsNothing(
                new AuthConfig.DockerConfig(Files.writeString(directory.resolve("config.json"), json)),
                HelperPrograms.SYSTEM);
    }

    @Test
    void passwordFileAndTokenRevealNoSecret() throws IOException {
        Path file = Files.writeString(directory.resolve("password"), "pa55word\npa55word\n");
        assertRevealsNothing(new AuthConfig.AccountWithFile("robot", file), HelperPrograms.SYSTEM);
        assertRevealsNothing(new AuthConfig.Token(new Secret("t0ken")), HelperPrograms.SYSTEM);
    }

    @Test
    void toStringRevealsNoSecret() {
        Secret secret = new Secret("pa55word");
        List<Object> holders = List.of(
                secret,
                AuthConfig.basic("robot", "pa55word"),
                new AuthConfig.Token(secret),
                new HelperPrograms(Map.of("PASSWORD", "pa55word"), Duration.ofSeconds(1)),
                new Credentials.Account("robot", secret),
                new Credentials.IdentityToken("robot", secret),
                new Credentials.RegistryToken(secret),
                new DockerLogin(Optional.empty(), Optional.of(new Credentials.Account("robot", secret))),
                Authorization.of(new Credentials.Account("robot", secret)).with(secret));
        assertFalse(holders.toString().contains("pa55"), holders.toString());
        assertTrue(holders.toString().contains("***"));
    }

    /** Pulls with right and wrong credentials, by both schemes. */
    private void assertRevealsNothing(AuthConfig auth, HelperPrograms programs) {
        try (LogLines log = LogLines.of("ROOT")) {
            for (String password : List.of("pa55word", "r3fresh", "another")) {
                upstreams.close();
                upstreams = TestUpstreams.of(up, auth).withHelpers(programs);
                up.requireBasic("robot", password);
                attempts();
                up.requireBearer("robot", password);
                attempts();
            }
            assertNoSecrets(log);
        }
    }

    private void assertNoSecrets(LogLines log) {
        String text = messages + log.text();
        assertTrue(messages.length() > 1000, text);
        SECRETS.forEach(secret -> assertFalse(text.contains(secret), () -> secret + " is in: " + text));
    }

    private void attempts() {
        attempt(() -> upstreams.manifest("team/app", "1"));
        attempt(() -> upstreams.get().headManifest("team/app", image.digest()));
        attempt(() -> upstreams.get().blob("team/app", image.layer(0), 0).close());
    }

    private void attempt(Runnable call) {
        try {
            call.run();
        } catch (RegistryException e) {
            // With the causes, which may be logged too.
            StringWriter trace = new StringWriter();
            e.printStackTrace(new PrintWriter(trace, true));
            messages.append(trace).append('\n');
        }
    }
}
