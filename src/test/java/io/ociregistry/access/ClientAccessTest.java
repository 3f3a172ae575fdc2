package io.ociregistry.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.common.Secret;
import io.ociregistry.common.UnusableFileException;
import io.ociregistry.config.model.ClientsConfig;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.testing.Await;
import io.ociregistry.testing.LogLines;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class ClientAccessTest {
    private static final int COST = 10;

    @TempDir
    Path dir;

    private ClientAccess access;

    @AfterEach
    void close() {
        if (access != null) {
            access.close();
        }
    }

    @Test
    void withoutASectionAllClientsAreAdmitted() {
        access = ClientAccess.of(ClientsConfig.NONE);
        assertTrue(access.allowsAnonymous());
        assertTrue(ask(null).join());
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(
            strings = {
                "",
                "Basic",
                "Basic !!!",
                "Basic bm9kZQ==",
                "Basic bm9kZTp3cm9uZw==",
                "Bearer wrong",
                "Bearer",
                "Digest x",
                "geheim"
            })
    void wrongCredentialsAreRefused(String header) throws IOException {
        open(Optional.of(new Secret("geheim")), "node:" + HtpasswdTest.hash("right", 4));
        assertFalse(ask(header).join());
    }

    @Test
    void passwordsAndTokensAreBothAccepted() throws IOException {
        open(Optional.of(new Secret("geheim")), "node:" + HtpasswdTest.hash("r\u00e4:ight", 4));
        assertTrue(ask(basic("node", "r\u00e4:ight")).join());
        assertTrue(ask("bearer   geheim").join());
        assertEquals("Basic realm=\"ociregistry\"", access.challenge());
    }

    @Test
    void tokenAloneIsChallengedAsBearer() {
        access = ClientAccess.of(
                new ClientsConfig(Optional.empty(), Optional.of(new Secret("geheim")), Optional.empty()));
        assertEquals("Bearer realm=\"ociregistry\"", access.challenge());
        assertFalse(ask(basic("node", "geheim")).join());
    }

    @Test
    void emptyNameAndPasswordCostNoCheck() throws IOException {
        open(Optional.empty(), "node:" + HtpasswdTest.hash("right", COST));
        CompletableFuture<Boolean> nothing = ask(basic("", ""));
        assertTrue(nothing.isDone());
        assertFalse(nothing.join());
        assertEquals(Optional.empty(), ClientAccess.presentedUser(basic("", "")));
        assertEquals(Optional.of("node"), ClientAccess.presentedUser(basic("node", "")));
    }

    @Test
    void rightPasswordIsCached() throws IOException {
        open(Optional.empty(), "node:" + HtpasswdTest.hash("right", COST));
        CompletableFuture<Boolean> first = ask(basic("node", "right"));
        assertFalse(first.isDone());
        assertTrue(first.join());
        CompletableFuture<Boolean> next = ask(basic("node", "right"));
        assertTrue(next.isDone());
        assertTrue(next.join());
        assertFalse(ask(basic("node", "wrong")).join());
    }

    @Test
    void concurrentRequestsWithOnePasswordCostOneCheck() throws IOException {
        open(Optional.empty(), "node:" + HtpasswdTest.hash("right", COST));
        List<CompletableFuture<Boolean>> all = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            all.add(ask(basic("node", "right")));
        }
        all.forEach(each -> assertTrue(each.join(), "the password is right, and the queue does not overflow"));
    }

    @Test
    void passwordGuessesFillAShortQueueAndDelayNoCachedUser() throws Exception {
        open(Optional.empty(), "node:" + HtpasswdTest.hash("right", COST));
        assertTrue(ask(basic("node", "right")).join());
        List<CompletableFuture<Boolean>> guesses = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            guesses.add(ask(basic("node", "guess" + i)));
        }
        CompletableFuture<Boolean> known = ask(basic("node", "right"));
        assertTrue(known.isDone() && known.join());
        int refused = 0;
        for (CompletableFuture<Boolean> guess : guesses) {
            try {
                assertFalse(guess.get());
            } catch (ExecutionException e) {
                RegistryException busy = assertInstanceOf(RegistryException.class, e.getCause());
                assertEquals(ErrorCode.OVERLOADED, busy.code());
                assertEquals(Optional.of(Duration.ofSeconds(1)), busy.retryAfter());
                refused++;
            }
        }
        assertTrue(refused > 100, refused + " of 200");
        assertFalse(ask(basic("node", "guess0")).join(), "then the queue has room again");
    }

    @Test
    void removedPasswordIsRefused() throws Exception {
        open(Optional.empty(), "node:" + HtpasswdTest.hash("right", 4));
        assertTrue(ask(basic("node", "right")).join());
        write("htpasswd", "other:" + HtpasswdTest.hash("new", 4));
        await(basic("other", "new"));
        assertFalse(ask(basic("node", "right")).join());
    }

    @Test
    void brokenFileKeepsTheUsersAndIsLoggedOnce() throws Exception {
        open(Optional.empty(), "node:" + HtpasswdTest.hash("right", 4));
        try (LogLines log = LogLines.of("io.ociregistry")) {
            write("htpasswd", "node:geheim");
            Await.until("a warning", () -> !log.at("WARN").isEmpty());
            assertTrue(ask(basic("node", "right")).join());
            write("htpasswd", "node:" + HtpasswdTest.hash("newer", 4));
            await(basic("node", "newer"));
            assertEquals(1, log.at("WARN").size(), log.text());
            assertTrue(
                    log.text()
                            .contains("clients.htpasswd " + dir.resolve("htpasswd")
                                    + " can't be used: its line 1 has no bcrypt hash"),
                    log.text());
            assertFalse(log.text().contains("geheim"), log.text());
        }
    }

    @Test
    void tokenFileIsReloadedAndPrecedesTheConfiguredToken() throws Exception {
        Path file = write("token", "  one  \nnot this\n");
        access = ClientAccess.of(
                new ClientsConfig(Optional.empty(), Optional.of(new Secret("given")), Optional.of(file)),
                Duration.ofMillis(20));
        assertTrue(ask("Bearer one").join());
        assertFalse(ask("Bearer given").join());
        write("token", "two");
        await("Bearer two");
        assertFalse(ask("Bearer one").join());
    }

    @Test
    void unusableFileIsNamed() {
        var failure = assertThrows(
                UnusableFileException.class,
                () -> ClientAccess.of(
                        new ClientsConfig(Optional.of(dir.resolve("none")), Optional.empty(), Optional.empty())));
        assertTrue(
                failure.getMessage()
                        .startsWith("clients.htpasswd " + dir.resolve("none") + " can't be used: it does not exist"),
                failure.getMessage());
    }

    private void open(Optional<Secret> token, String htpasswd) throws IOException {
        access = ClientAccess.of(
                new ClientsConfig(Optional.of(write("htpasswd", htpasswd)), token, Optional.empty()),
                Duration.ofMillis(20));
    }

    private Path write(String name, String text) throws IOException {
        return Files.writeString(dir.resolve(name), text);
    }

    private void await(String header) throws Exception {
        Await.until("the changed file counts", () -> ask(header).join());
    }

    private CompletableFuture<Boolean> ask(String header) {
        return access.authenticate(header).toCompletableFuture();
    }

    private static String basic(String user, String password) {
        byte[] both = (user + ":" + password).getBytes(StandardCharsets.UTF_8);
        return "Basic " + Base64.getEncoder().encodeToString(both);
    }
}
