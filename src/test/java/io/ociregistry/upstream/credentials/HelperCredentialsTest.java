package io.ociregistry.upstream.credentials;

import static io.ociregistry.upstream.pool.TestUpstreams.assertHolds;
import static io.ociregistry.upstream.pool.TestUpstreams.failure;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.common.Secret;
import io.ociregistry.config.model.AuthConfig;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.testing.Await;
import io.ociregistry.testing.LogLines;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Credentials of a helper, and how long they are cached. */
@Timeout(60)
class HelperCredentialsTest {
    private static final String SERVER = "registry.example.com:5000";

    // The clock of System.nanoTime() may overflow.
    private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 1);

    @TempDir
    Path directory;

    private HelperScripts scripts;

    @BeforeEach
    void place() {
        scripts = new HelperScripts(directory);
    }

    @Test
    void helperRunsOnceUntilItsCredentialsAreRefused() throws IOException {
        CredentialSource source = source(scripts.counting("x"), Optional.empty());
        assertEquals(robot("s3cret-1"), source.get());
        pass(Duration.ofDays(30));
        assertEquals(robot("s3cret-1"), source.get());
        assertEquals(List.of("get " + SERVER), scripts.calls());
        source.invalidate(robot("s3cret-1").orElseThrow());
        assertEquals(robot("s3cret-2"), source.get());
    }

    @Test
    void helperRunsAgainBeforeTheCredentialsExpire() throws IOException {
        CredentialSource source = source(scripts.counting("x"), Optional.of(Duration.ofSeconds(10)));
        source.get();
        pass(Duration.ofSeconds(8).minusNanos(1));
        assertEquals(robot("s3cret-1"), source.get());
        pass(Duration.ofNanos(1));
        assertEquals(robot("s3cret-2"), source.get());
    }

    @Test
    void helperRunsAtMostOnceASecond() throws IOException {
        CredentialSource source = source(scripts.counting("x"), Optional.empty());
        Credentials first = source.get().orElseThrow();
        source.invalidate(first);
        assertEquals(robot("s3cret-1"), source.get());
        pass(Duration.ofSeconds(1));
        assertEquals(robot("s3cret-2"), source.get());
        source.invalidate(first);
        pass(Duration.ofSeconds(1));
        assertEquals(robot("s3cret-2"), source.get());
    }

    @Test
    void failingHelperIsLoggedAndItsPreviousCredentialsAreUsed() throws IOException {
        CredentialSource source = source(scripts.counting("x"), Optional.of(Duration.ofSeconds(10)));
        source.get();
        scripts.with("x", "echo 'no route to the vault' >&2; exit 3");
        pass(Duration.ofSeconds(9));
        try (LogLines log = LogLines.of("io.ociregistry")) {
            assertEquals(robot("s3cret-1"), source.get());
            assertHolds(
                    "docker-credential-x get for registry.example.com:5000 failed with status 3: no route to the vault",
                    log.text());
        }
        scripts.counting("x");
        pass(Duration.ofSeconds(10));
        assertEquals(robot("s3cret-2"), source.get());
    }

    @Test
    void slowRenewalDoesNotBlockOtherRequests() throws Exception {
        CredentialSource source = source(scripts.counting("x"), Optional.of(Duration.ofSeconds(10)));
        source.get();
        scripts.with("x", """
                touch "$HERE/asked"
                until [ -e "$HERE/go" ]; do sleep 0.02; done
                echo '{"Username":"robot","Secret":"renewed"}'
                """);
        pass(Duration.ofSeconds(9));
        CompletableFuture<Optional<Credentials>> renewing = CompletableFuture.supplyAsync(source::get);
        Await.until("the helper runs", () -> Files.exists(directory.resolve("asked")));
        assertEquals(robot("s3cret-1"), source.get());
        assertFalse(renewing.isDone());
        Files.createFile(directory.resolve("go"));
        assertEquals(robot("renewed"), renewing.get());
    }

    @Test
    void requestsWaitForTheReplacementOfRefusedCredentials() throws Exception {
        CredentialSource source = source(scripts.counting("x"), Optional.empty());
        source.invalidate(source.get().orElseThrow());
        scripts.with("x", "sleep 0.2; echo '{\"Username\":\"robot\",\"Secret\":\"renewed\"}'");
        pass(Duration.ofSeconds(1));
        CompletableFuture<Optional<Credentials>> one = CompletableFuture.supplyAsync(source::get);
        CompletableFuture<Optional<Credentials>> other = CompletableFuture.supplyAsync(source::get);
        assertEquals(robot("renewed"), one.get());
        assertEquals(robot("renewed"), other.get());
    }

    @Test
    void failureIsCachedForASecondAndLoggedOnce() throws IOException {
        CredentialSource source = source(scripts.with("x", "echo >> $HERE/runs; exit 1"), Optional.empty());
        try (LogLines log = LogLines.of(HelperCredentials.class.getName())) {
            RegistryException message = failure(ErrorCode.UPSTREAM_UNREACHABLE, source::get);
            failure(ErrorCode.UPSTREAM_UNREACHABLE, source::get);
            assertEquals(1, scripts.calls().size());
            pass(Duration.ofSeconds(1));
            failure(ErrorCode.UPSTREAM_UNREACHABLE, source::get);
            assertEquals(2, scripts.calls().size());
            assertEquals("WARN " + message.getMessage(), log.text());
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "echo 'credentials not found in native keychain'; exit 1",
                "echo '{\"ServerURL\":\"x\",\"Username\":\"\",\"Secret\":\"\"}'",
                "echo '{}'",
            })
    void missingCredentialsMeanAnonymous(String script) throws IOException {
        assertEquals(
                Optional.empty(),
                source(scripts.with("x", script), Optional.empty()).get());
    }

    @Test
    void userNamedTokenMarksAnIdentityToken() throws IOException {
        scripts.with("x", "echo '{\"Username\":\"<token>\",\"Secret\":\"r3fresh\"}'");
        assertEquals(
                Optional.of(new Credentials.IdentityToken("", new Secret("r3fresh"))),
                source(scripts, Optional.empty()).get());
    }

    @Test
    void helperInheritsTheEnvironmentAndConfiguredVariables() throws IOException {
        scripts.with("x", "echo \"{\\\"Username\\\":\\\"$OF_THE_SERVER\\\",\\\"Secret\\\":\\\"$AWS_REGION\\\"}\"");
        AuthConfig.Helper helper = new AuthConfig.Helper("x", Map.of("AWS_REGION", "eu-central-1"), Optional.empty());
        assertEquals(
                Optional.of(new Credentials.Account("inherited", new Secret("eu-central-1"))),
                new HelperCredentials(scripts.programs(), helper, SERVER, now::get).get());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "echo 'the vault is locked' >&2; exit 1             | failed with status 1: the vault is locked",
                "echo 'the vault is locked'; exit 1                 | failed with status 1: the vault is locked",
                "exit 7                                             | failed with status 7: it gave no reason",
                "echo pa55word                                      | wrote no JSON: it gave no reason",
                "echo '{\"Username\":\"robot\"}'                    | wrote no Secret: it gave no reason",
                "echo '[]'                                          | wrote no Secret: it gave no reason",
                "head -c 70000 /dev/zero                            | wrote more than 65536 bytes",
                "head -c 70000 /dev/zero >&2; exit 1                | failed with status 1: ",
                "exec sleep 30                                      | did not end within 1 s and was killed",
            })
    void helperFailureNamesTheHelperAndTheServer(String script, String message) throws IOException {
        scripts.with("x", script);
        CredentialSource source = source(scripts.programs(Duration.ofSeconds(1)), "x");
        RegistryException failed = failure(ErrorCode.UPSTREAM_UNREACHABLE, source::get);
        assertHolds("docker-credential-x get for registry.example.com:5000 " + message, failed.getMessage());
        assertFalse(failed.getMessage().contains("pa55word"));
        assertTrue(failed.getMessage().length() < 500, failed.getMessage());
    }

    @Test
    void helperFailureContainsNoSecret() throws IOException {
        scripts.with("x", """
                echo "debug: sending pa55word as eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9 to the vault" >&2
                echo '{"Username":"robot","Secret":"pa55word"}'
                exit 1
                """);
        assertHolds(
                "debug: sending *** as *** to the vault",
                failure(ErrorCode.UPSTREAM_UNREACHABLE, source(scripts, Optional.empty())::get)
                        .getMessage());
    }

    @Test
    void missingHelperIsNamed() {
        RegistryException failed =
                failure(ErrorCode.UPSTREAM_UNREACHABLE, source(scripts.programs(), "ecr-login")::get);
        assertEquals(
                "docker-credential-ecr-login, which gives the credentials for registry.example.com:5000,"
                        + " is not on the PATH; install it there",
                failed.getMessage());
    }

    private CredentialSource source(HelperScripts made, Optional<Duration> life) {
        return new HelperCredentials(made.programs(), new AuthConfig.Helper("x", Map.of(), life), SERVER, now::get);
    }

    private CredentialSource source(HelperPrograms programs, String name) {
        return new HelperCredentials(
                programs, new AuthConfig.Helper(name, Map.of(), Optional.empty()), SERVER, now::get);
    }

    private static Optional<Credentials> robot(String password) {
        return Optional.of(new Credentials.Account("robot", new Secret(password)));
    }

    private void pass(Duration time) {
        now.addAndGet(time.toNanos());
    }
}
