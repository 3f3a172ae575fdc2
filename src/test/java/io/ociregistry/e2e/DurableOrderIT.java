package io.ociregistry.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.RawHttp;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Checks in the system calls of the real server that cache files survive a power cut. The server writes content to a
 * temporary file, forces it to disk, renames it, and then forces the directory.
 */
@Timeout(120)
@ExtendWith(ShowsLogs.class)
class DurableOrderIT {
    @TempDir
    Path directory;

    /** Mounts private file systems over two directories, in a mount namespace of the command. */
    private static final String OTHER_DISKS = "for i in blobs img; do"
            + " mkdir -p \"$0/$i\" && mount -t tmpfs tmpfs \"$0/$i\" || exit; done; exec \"$@\"";

    @Test
    void filesAreForcedBeforeRenameAndDirectoriesAfterIt() throws Exception {
        assertOrder(List.of());
    }

    @Test
    void copiesOnOtherDisksAreForcedBeforeRename() throws Exception {
        Peers.requireRoot();
        Peers.require("unshare");
        Path images = Files.createDirectories(directory.resolve("images")).toRealPath();
        assertOrder(List.of("unshare", "--mount", "sh", "-c", OTHER_DISKS, images.toString()));
    }

    private void assertOrder(List<String> runner) throws Exception {
        Peers.require("strace");
        try (FakeUpstream upstream = FakeUpstream.start()) {
            FakeImage image =
                    upstream.image("team/app", "1.0").layer(3_000_000).layer(10).push();
            var configuration = Configuration.in(directory, "- name: r.example\n  endpoint: " + upstream.url() + "\n");
            Path log = trace(configuration, runner, image);

            Path images = configuration.imagePath().toRealPath();
            assertOrder(log, images.resolve("img").resolve(image.digest().hex()));
            assertOrder(
                    log, images.resolve("blobs").resolve(image.config().digest().hex()));
            assertOrder(log, images.resolve("blobs").resolve(image.layer(0).hex()));
            assertOrder(log, images.resolve("blobs").resolve(image.layer(1).hex()));
            assertLinkedFirst(log, images);
        }
    }

    /** Pulls the image through a server that runs under strace from start to end. */
    private Path trace(Configuration configuration, List<String> runner, FakeImage image) throws IOException {
        Path log = directory.resolve("strace.log");
        try (FatJar server = FatJar.start(configuration, runner);
                Program strace = Program.start(
                        "strace",
                        Map.of(),
                        List.of(
                                "strace",
                                "-f",
                                "-y",
                                "-s",
                                "4096",
                                "-e",
                                "trace=/^p?writev?(64)?$,fsync,fdatasync,/^rename",
                                "-o",
                                log.toString(),
                                "-p",
                                Long.toString(server.pid())))) {
            strace.waitUntil("it says whether it may", () -> !strace.log().isEmpty());
            if (!strace.log().contains(" attached")) {
                Peers.skip("strace may not watch a process here: " + strace.log());
            }
            pull(server.url(), image);
            assertEquals(0, server.terminate());
            strace.awaitEnd();
        }
        return log;
    }

    private static void pull(URI server, FakeImage image) throws IOException {
        String base = "/v2/" + image.repository();
        assertEquals(
                200, RawHttp.get(server, base + "/manifests/1.0?ns=r.example").status());
        for (var blob :
                List.of(image.config(), image.layers().get(0), image.layers().get(1))) {
            RawHttp.Response answer = RawHttp.get(server, base + "/blobs/" + blob.digest() + "?ns=r.example");
            assertTrue(answer.complete() && answer.status() == 200, blob::toString);
        }
    }

    private static void assertOrder(Path log, Path file) throws IOException {
        List<SystemCall> calls = SystemCall.read(log);
        List<SystemCall> renames =
                calls.stream().filter(call -> call.isRenameTo(file.toString())).toList();
        assertFalse(renames.isEmpty(), () -> "nothing was renamed to " + file);
        assertTrue(calls.stream().noneMatch(call -> call.isWriteTo(file.toString())), () -> file + " was written to");
        for (SystemCall rename : renames) {
            String aside = rename.paths().get(0);
            SystemCall lastWrite = calls.stream()
                    .filter(call -> call.isWriteTo(aside))
                    .max(Comparator.comparing(SystemCall::to))
                    .orElseGet(() -> fail("nothing was written to " + aside));
            Optional<SystemCall> sync =
                    first(calls, call -> call.isSyncOf(aside) && call.isAfter(lastWrite) && rename.isAfter(call));
            Optional<SystemCall> directorySync =
                    first(calls, call -> call.isSyncOf(file.getParent().toString()) && call.isAfter(rename));
            String seen = about(log, aside, file);
            assertTrue(sync.isPresent(), () -> "not forced between its last write and its rename:\n" + seen);
            assertTrue(directorySync.isPresent(), () -> "its directory is not forced after the rename:\n" + seen);
        }
    }

    /**
     * Checks that the link of a blob is on the disk before the blob is in the store. Otherwise the blob would belong to
     * the next repository that names it. One force may serve the links of several blobs.
     */
    private static void assertLinkedFirst(Path log, Path images) throws IOException {
        String links = images.resolve("lists").resolve("links").toString();
        List<SystemCall> calls = SystemCall.read(log);
        List<SystemCall> published = calls.stream()
                .filter(call -> call.isRenameInto(images.resolve("blobs").toString()))
                .toList();
        assertEquals(3, published.size());
        for (SystemCall rename : published) {
            String digest = Path.of(rename.paths().get(1)).getFileName().toString();
            SystemCall link = first(
                            calls, call -> call.isWriteTo(links) && call.text().contains(digest))
                    .orElseGet(() -> fail("no link of " + digest + " was written"));
            Optional<SystemCall> forced =
                    first(calls, call -> call.isSyncOf(links) && call.isAfter(link) && rename.isAfter(call));
            assertTrue(forced.isPresent(), () -> "the link was not forced before " + rename);
        }
    }

    private static Optional<SystemCall> first(List<SystemCall> calls, Predicate<SystemCall> wanted) {
        return calls.stream().filter(wanted).findFirst();
    }

    private static String about(Path log, String aside, Path file) throws IOException {
        return Files.readAllLines(log, StandardCharsets.ISO_8859_1).stream()
                .filter(line -> line.contains(aside)
                        || line.contains(file.toString())
                        || line.contains("<" + file.getParent() + ">"))
                .collect(Collectors.joining("\n"));
    }
}
