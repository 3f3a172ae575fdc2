package io.ociregistry.e2e;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.RawHttp;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tests the real server on a read-only disk and on a full disk. Each is mounted in the mount namespace of the server,
 * so the test has nothing to unmount.
 */
@Timeout(120)
@ExtendWith(ShowsLogs.class)
class DiskTroubleIT {
    private static final String READ_ONLY = "mount --bind \"$0\" \"$0\" && mount -o remount,bind,ro \"$0\"";

    /** Mounts the cache on a disk of one megabyte, and fills the rest of the disk. */
    private static final String FULL = "cp -a \"$0\" \"$0.saved\" && mount -t tmpfs -o size=1m tmpfs \"$0\""
            + " && cp -a \"$0.saved/.\" \"$0\" && { head -c 2m /dev/zero > \"$0/filler\" || true; }";

    @TempDir
    Path directory;

    private FakeUpstream upstream;
    private FakeImage cached;
    private Configuration configuration;

    @BeforeEach
    void pullImageIntoCache() throws IOException {
        Peers.requireRoot();
        Peers.require("unshare");
        upstream = FakeUpstream.start();
        cached = image("1.0", 1);
        configuration = Configuration.in(directory, "- name: r.example\n  endpoint: " + upstream.url() + "\n");
        try (FatJar server = FatJar.start(configuration)) {
            assertPulled(server, cached, "1.0");
        }
    }

    @AfterEach
    void stop() {
        if (upstream != null) {
            upstream.close();
        }
    }

    @Test
    void readOnlyCacheIsServedAndMissesPassThrough() throws IOException {
        Map<String, String> before = tree();
        int asked = upstream.requests().size();
        try (FatJar server = FatJar.start(configuration, mounted(READ_ONLY))) {
            assertPulled(server, cached, "1.0");
            assertEquals(asked, upstream.requests().size());
            assertPulled(server, image("2.0", 2), "2.0");
            List<String> complaints = server.log().stream()
                    .filter(line -> line.contains("warning:") || line.contains(" WARN ") || line.contains(" ERROR "))
                    .toList();
            assertEquals(1, complaints.size(), complaints::toString);
            assertTrue(complaints.get(0).contains("can't be written (Read-only file system)"), complaints::toString);
            assertEquals(0, server.terminate());
        }
        assertEquals(before, tree());
    }

    @Test
    void fullDiskPassesThroughAndStoresAgainOnceSpaceIsFree() throws IOException {
        try (FatJar server = FatJar.start(configuration, mounted(FULL))) {
            Path seen = Path.of("/proc/" + server.pid() + "/root" + configuration.imagePath());
            fill(seen.resolve("more"));
            FakeImage passing = image("2.0", 2);
            for (int i = 0; i < 3; i++) {
                assertPulled(server, cached, "1.0");
                assertPulled(server, passing, "2.0");
            }
            assertFalse(Files.exists(record(seen, passing)));
            assertEquals(1, saying(server, "manifest records in").size(), server.log()::toString);
            try (var partial = Files.newDirectoryStream(seen.resolve("partial"), "*.tmp")) {
                assertFalse(partial.iterator().hasNext(), "nothing half-written stays");
            }

            Files.delete(seen.resolve("filler"));
            FakeImage kept = image("3.0", 3);
            assertPulled(server, kept, "3.0");
            assertTrue(Files.exists(record(seen, kept)));
            assertEquals(0, server.terminate());
            assertEquals(2, saying(server, "manifest records in").size(), "what waited was written at the stop");
        }
    }

    @Test
    void fullDiskIsReportedInStatusAndInLogEvenIfLogFileIsOnIt() throws IOException {
        configuration.with("logFile: '" + configuration.imagePath() + "/the.log'");
        try (FatJar server = FatJar.start(configuration, mounted(FULL))) {
            fill(Path.of("/proc/" + server.pid() + "/root" + configuration.imagePath() + "/more"));
            assertPulled(server, image("2.0", 2), "2.0");
            String status = server.operator().ask("GET", "/cmd/status").text();
            assertTrue(status.contains("the disk of the cache is full"), status);
            assertFalse(saying(server, "the.log can't be written").isEmpty(), server.log()::toString);
            assertEquals(1, saying(server, "manifest records in").size(), server.log()::toString);
        }
    }

    @Test
    void separatelyMountedDirectoriesStoreContent() throws IOException {
        String images = configuration.imagePath().toString();
        // All mounts are on the same disk, but the kernel refuses to rename a file between mounts.
        String mounts = "for i in blobs img corrupt lists; do mount --bind \"$0/$i\" \"$0/$i\" || exit; done";
        FakeImage next = image("2.0", 2);
        try (FatJar server = FatJar.start(configuration, mounted(mounts))) {
            assertPulled(server, next, "2.0");
            assertEquals(0, server.terminate());
            assertEquals(List.of(), saying(server, " ERROR "));
        }
        assertTrue(Files.exists(record(Path.of(images), next)));
        upstream.refuseConnections();
        try (FatJar server = FatJar.start(configuration)) {
            assertPulled(server, cached, "1.0");
            assertPulled(server, next, "2.0");
        }
    }

    private FakeImage image(String tag, int seed) {
        return upstream.image("team/app", tag).seed(seed).layer(100_000).push();
    }

    private static void assertPulled(FatJar server, FakeImage image, String tag) throws IOException {
        String manifests = "/v2/team/app/manifests/";
        assertEquals(
                200,
                RawHttp.head(server.url(), manifests + tag + "?ns=r.example").status());
        assertArrayEquals(
                image.manifest(),
                RawHttp.get(server.url(), manifests + image.digest() + "?ns=r.example")
                        .body());
        for (var blob : List.of(image.config().digest(), image.layer(0))) {
            RawHttp.Response answer = RawHttp.get(server.url(), "/v2/team/app/blobs/" + blob + "?ns=r.example");
            assertEquals(200, answer.status());
            assertEquals(blob, Digest.of(answer.body()));
        }
    }

    /** Returns the command prefix that runs a program with these mounts. */
    private List<String> mounted(String how) {
        return List.of(
                "unshare",
                "--mount",
                "sh",
                "-c",
                how + " && exec \"$@\"",
                configuration.imagePath().toString());
    }

    private static void fill(Path file) {
        byte[] block = new byte[512];
        try (OutputStream out = Files.newOutputStream(file)) {
            while (true) {
                out.write(block);
            }
        } catch (IOException full) {
            // The disk is full now.
        }
    }

    private static List<String> saying(FatJar server, String text) {
        return server.log().stream().filter(line -> line.contains(text)).toList();
    }

    private static Path record(Path images, FakeImage image) {
        return images.resolve("img").resolve(image.digest().hex());
    }

    private Map<String, String> tree() throws IOException {
        Map<String, String> tree = new TreeMap<>();
        try (var files = Files.walk(configuration.imagePath())) {
            for (Path file : files.toList()) {
                tree.put(file.toString(), Files.size(file) + " " + Files.getLastModifiedTime(file));
            }
        }
        return tree;
    }
}
