package io.ociregistry.e2e;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.TestArchive;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tests a cache that belongs to the user of the server, and commands that other users run on it with a umask that
 * denies all access to others.
 */
@Timeout(180)
@ExtendWith(ShowsLogs.class)
class OtherUsersIT {
    private static final int SERVER = 65_534;
    private static final int OTHER = 65_533;
    private static final byte[] LAYER = TestArchive.random(1, 100_000);

    /** The command prefix that sets the umask of a hardened system. */
    private static final List<String> HARDENED = List.of("sh", "-c", "umask 077; exec \"$0\" \"$@\"");

    @TempDir
    static Path created;

    @TempDir
    Path directory;

    private Cache cache;
    private Configuration configuration;
    private TestArchive.Image image;
    private Path archive;

    @BeforeAll
    static void createCacheByServerOfAnotherUser() throws IOException {
        Peers.requireRoot();
        Peers.require("setpriv");
        Configuration first = configurationIn(created);
        own(first.imagePath(), SERVER);
        FatJar.start(first, as(SERVER)).close();
    }

    @BeforeEach
    void copyCache() throws IOException {
        configuration = configurationIn(directory);
        cache = new Cache(directory);
        Program.run("cp", List.of("cp", "-a", created.resolve("images").toString(), directory.toString()));

        TestArchive content = new TestArchive();
        image = content.image("amd64", LAYER);
        archive = content.list(image, TestArchive.FULL_NAME, "r.example/team/app:1.0")
                .layout()
                .tar(directory.resolve("images.tar"));
    }

    @Test
    void imagesLoadedByRootAreServed() throws IOException {
        run(0, HARDENED, load());
        assertAllBelongTo(SERVER);
        assertEquals("rwxr-xr-x", mode(configuration.imagePath()));
        assertEquals("rw-r--r--", mode(blob()));
        try (FatJar server = server()) {
            assertServed(server);
        }
    }

    @Test
    void cacheCreatedByRootBelongsToOwnerOfParentDirectory() throws IOException {
        Path images = directory.resolve("volume/images");
        own(Files.createDirectory(directory.resolve("volume")), SERVER);
        List<String> command = cache.loading(archive, "--platform", "all");
        run(0, HARDENED, replaced(command, configuration.imagePath().toString(), images.toString()));
        try (var files = Files.walk(images)) {
            assertTrue(files.allMatch(file -> owner(file) == SERVER));
        }
    }

    @Test
    void commandsOfRootLeaveFilesAccessibleToServer() throws IOException {
        run(0, HARDENED, load());
        damage(blob());
        // Bad content is quarantined; it cannot be fetched again.
        run(
                1,
                HARDENED,
                cache.command(
                        "verify",
                        "--repair",
                        "--config-file",
                        configuration.file().toString()));
        assertTrue(isAnythingQuarantined());
        assertAllBelongTo(SERVER);
        run(0, HARDENED, cache.command("prune", "--pattern", "team/app"));
        assertAllBelongTo(SERVER);
        run(0, HARDENED, load());
        assertAllBelongTo(SERVER);
        try (FatJar server = server()) {
            assertServed(server);
        }
    }

    @Test
    void loadRepairsFilesLeftByRoot() throws IOException {
        run(0, List.of(), load());
        own(blob(), 0);
        forbid(blob());
        forbid(record());
        run(0, HARDENED, load());
        assertAllBelongTo(SERVER);
        try (FatJar server = server()) {
            assertServed(server);
        }
    }

    @Test
    void commandsOfUserWithoutChownFail() throws IOException {
        run(0, List.of(), load());
        allowTheGroup();
        Map<String, FileTime> before = tree();
        List<List<String>> commands =
                List.of(load(), cache.command("prune", "--pattern", "team/app"), cache.command("verify", "--repair"));
        for (List<String> command : commands) {
            String said = run(1, as(OTHER), command);
            assertTrue(said.contains("belongs to nobody (uid 65534), and this process runs as "), said);
            assertTrue(said.contains("uid 65533"), said);
            assertTrue(said.contains("run: sudo -u nobody ..., or: chown -R "), said);
        }
        assertEquals(before, tree());
        assertTrue(run(0, as(SERVER), load()).contains("1 already there"));
    }

    @Test
    void unreadableFilesAreReportedAndNotChanged() throws IOException {
        run(0, List.of(), load());
        forbid(blob());
        forbid(record());
        try (FatJar server = server()) {
            for (String path : List.of(
                    "manifests/1.0",
                    "manifests/" + image.digest(),
                    "blobs/" + image.layers().get(0))) {
                RawHttp.Response answer = RawHttp.get(server.url(), "/v2/team/app/" + path + "?ns=r.example");
                String text = answer.text();
                assertEquals(503, answer.status(), text);
                assertTrue(text.contains("cached but unreadable: "), text);
                assertTrue(text.contains("belongs to root (uid 0) and group root with mode rw-------"), text);
                assertTrue(text.contains("this process runs as nobody (uid 65534)"), text);
                assertTrue(text.contains("run: chown -R nobody " + configuration.imagePath()), text);
            }
            String status = server.operator().get("/cmd/status").text();
            assertTrue(status.contains("warning: 2 files or directories of the cache"), status);
            assertEquals(
                    1,
                    server.log().stream()
                            .filter(line -> line.contains(" ERROR "))
                            .count(),
                    server.log()::toString);
            assertNothingMoved();

            own(blob(), SERVER);
            own(record(), SERVER);
            assertServed(server);
        }
    }

    @Test
    void verifyReportsUnreadableFilesToEveryUser() throws IOException {
        run(0, List.of(), load());
        forbid(blob());
        forbid(record());
        for (List<String> user : List.of(as(SERVER), List.<String>of())) {
            String said = run(1, user, cache.command("verify"));
            assertTrue(said.contains("unreadable    " + blob() + ": "), said);
            assertTrue(said.contains("unreadable    " + record() + ": "), said);
            assertTrue(said.contains("run: chown -R nobody " + configuration.imagePath()), said);
            assertTrue(said.contains("2 problems"), said);
        }
        String repaired = run(1, as(SERVER), cache.command("verify", "--repair"));
        assertTrue(repaired.contains("not repaired  " + blob()), repaired);
        assertNothingMoved();
        run(0, List.of(), cache.command("verify", "--repair"));
        run(0, as(SERVER), cache.command("verify"));
    }

    @Test
    void unreadableContentIsFetchedFromUpstream() throws IOException {
        try (FakeUpstream upstream = FakeUpstream.start()) {
            Path own = Files.createDirectory(directory.resolve("online"));
            Configuration online = Configuration.in(own, "- name: r.example\n  endpoint: " + upstream.url() + "\n");
            own(online.imagePath(), SERVER);
            FakeImage pulled = upstream.image("team/app", "1.0").layer(1000).push();
            Path images = online.imagePath();
            List<Path> files = List.of(
                    images.resolve("blobs").resolve(pulled.layer(0).hex()),
                    images.resolve("img").resolve(pulled.digest().hex()),
                    images.resolve("verified"),
                    images.resolve("lists/links"));
            try (FatJar server = FatJar.start(online, as(SERVER))) {
                assertPulled(server, pulled);
                server.terminate();
            }
            for (Path file : files) {
                forbid(file);
            }
            try (FatJar server = FatJar.start(online, as(SERVER))) {
                assertPulled(server, pulled);
                assertPulled(server, pulled);
                server.terminate();
            }
            for (Path file : files) {
                assertEquals(0, owner(file), file::toString);
                own(file, SERVER);
            }
            upstream.refuseConnections();
            try (FatJar server = FatJar.start(online, as(SERVER))) {
                assertPulled(server, pulled);
            }
        }
    }

    private static void assertPulled(FatJar server, FakeImage pulled) throws IOException {
        assertArrayEquals(
                pulled.manifest(),
                RawHttp.get(server.url(), "/v2/team/app/manifests/1.0?ns=r.example")
                        .body());
        assertArrayEquals(
                pulled.layerBytes(0),
                RawHttp.get(server.url(), "/v2/team/app/blobs/" + pulled.layer(0) + "?ns=r.example")
                        .body());
    }

    private static Configuration configurationIn(Path directory) throws IOException {
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        return Configuration.in(directory, "").with("airGapped: true");
    }

    private FatJar server() {
        return FatJar.start(configuration, as(SERVER));
    }

    private static List<String> as(int user) {
        return List.of("setpriv", "--reuid=" + user, "--regid=" + SERVER, "--clear-groups");
    }

    private List<String> load() {
        return cache.loading(archive, "--platform", "all");
    }

    private static String run(int status, List<String> before, List<String> command) {
        List<String> all = Stream.concat(before.stream(), command.stream()).toList();
        try (Program program = Program.start("command", Map.of(), all)) {
            assertEquals(status, program.awaitEnd(), program::log);
            return program.log();
        }
    }

    private static List<String> replaced(List<String> words, String word, String by) {
        return words.stream().map(each -> each.equals(word) ? by : each).toList();
    }

    private void assertServed(FatJar server) throws IOException {
        String base = "/v2/team/app/";
        for (String reference : List.of(image.digest().toString(), "1.0")) {
            RawHttp.Response answer = RawHttp.get(server.url(), base + "manifests/" + reference + "?ns=r.example");
            assertEquals(200, answer.status(), reference);
            assertEquals(image.digest(), Digest.of(answer.body()));
        }
        RawHttp.Response layer =
                RawHttp.get(server.url(), base + "blobs/" + image.layers().get(0) + "?ns=r.example");
        assertArrayEquals(LAYER, layer.body());
    }

    private void assertAllBelongTo(int user) throws IOException {
        try (var files = Files.walk(configuration.imagePath())) {
            for (Path file : files.toList()) {
                assertEquals(user, owner(file), file::toString);
                assertTrue(mode(file).startsWith("rw"), () -> file + " " + mode(file));
            }
        }
    }

    private void assertNothingMoved() throws IOException {
        assertTrue(Files.exists(blob()) && Files.exists(record()));
        assertEquals(0, owner(blob()));
        assertFalse(isAnythingQuarantined());
    }

    private boolean isAnythingQuarantined() throws IOException {
        try (var files = Files.list(configuration.imagePath().resolve("corrupt"))) {
            return files.findAny().isPresent();
        }
    }

    private Path blob() {
        return configuration
                .imagePath()
                .resolve("blobs")
                .resolve(image.layers().get(0).hex());
    }

    private Path record() {
        return configuration.imagePath().resolve("img").resolve(image.digest().hex());
    }

    private static void damage(Path file) throws IOException {
        Files.write(file, new byte[(int) Files.size(file)]);
        Files.setLastModifiedTime(file, FileTime.from(Instant.now().minusSeconds(3600)));
    }

    /** Changes a file to owner and mode that root with a umask of 077 would give it. */
    private static void forbid(Path file) throws IOException {
        own(file, 0);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    }

    private void allowTheGroup() throws IOException {
        try (var files = Files.walk(configuration.imagePath())) {
            for (Path file : files.toList()) {
                Files.setPosixFilePermissions(
                        file, PosixFilePermissions.fromString(Files.isDirectory(file) ? "rwxrwxr-x" : "rw-rw-r--"));
            }
        }
    }

    private Map<String, FileTime> tree() throws IOException {
        Map<String, FileTime> tree = new TreeMap<>();
        try (var files = Files.walk(configuration.imagePath())) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                tree.put(file + " " + owner(file), Files.getLastModifiedTime(file));
            }
        }
        return tree;
    }

    private static void own(Path file, int user) throws IOException {
        Files.setAttribute(file, "unix:gid", user);
        Files.setAttribute(file, "unix:uid", user);
    }

    private static int owner(Path file) {
        try {
            return (Integer) Files.getAttribute(file, "unix:uid");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String mode(Path file) {
        try {
            return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
