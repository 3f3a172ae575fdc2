package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp.Response;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Serves clients from a cache whose disk is read-only or full, or has lost files. Because root, as which the tests may
 * run, can write everything, a directory in the place of the lock makes the cache read-only, and a file in the place of
 * {@code partial/} makes each write fail.
 */
class DiskTroubleTest extends Scenario {
    private FakeImage image;

    @BeforeEach
    void pushImage() throws Exception {
        image = upstream.image("team/app", "1.0").layer(300_000).push();
    }

    @Override
    protected String configuration() {
        return "prefetch: false\n";
    }

    @Test
    void readOnlyCacheServesContentAndWritesNothing() throws Exception {
        pull();
        stopServer();
        Map<String, String> before = readOnly();
        upstream.refuseConnections();
        startWith("prefetch: false\n");
        assertTrue(registry.context().startupWarning().orElseThrow().contains("served read-only"));
        pull();
        stopServer();
        assertEquals(before, tree());
    }

    @Test
    void readOnlyCacheServesUnverifiedBlob() throws Exception {
        pull();
        stopServer();
        Files.delete(images.resolve("verified"));
        settle(blobFile(image.layer(0)));
        Map<String, String> before = readOnly();
        upstream.refuseConnections();
        startWith("prefetch: false\n");
        for (int i = 0; i < 2; i++) {
            assertArrayEquals(image.layerBytes(0), get(layer()).body());
        }
        assertEquals(before, tree());
    }

    @Test
    void readOnlyCachePassesNewContentThrough() throws Exception {
        pull();
        stopServer();
        Map<String, String> before = readOnly();
        startWith("prefetch: false\n");
        FakeImage next = upstream.image("team/app", "2.0").seed(2).layer(100).push();
        assertGivenOnceFetched(next, "2.0");
        assertArrayEquals(
                next.layerBytes(0), get(blob("team/app", next.layer(0))).body());
        stopServer();
        assertEquals(before, tree());
    }

    @Test
    void corruptFileInReadOnlyCacheIsTreatedAsMissing() throws Exception {
        pull();
        stopServer();
        byte[] wrong = image.layerBytes(0).clone();
        wrong[7] ^= 1;
        Files.write(blobFile(image.layer(0)), wrong);
        settle(blobFile(image.layer(0)));
        Map<String, String> before = readOnly();
        startWith("prefetch: false\n");
        Response cut = get(layer());
        cut.body();
        assertFalse(cut.complete());
        int asked = upstream.requests(Match.blob(image.layer(0))).size();
        assertArrayEquals(image.layerBytes(0), get(layer()).body());
        assertArrayEquals(image.layerBytes(0), get(layer()).body());
        assertEquals(asked + 2, upstream.requests(Match.blob(image.layer(0))).size());
        stopServer();
        assertEquals(before, tree());
    }

    @Test
    void unstoredManifestIsStoredOnceDiskHasSpace() throws Exception {
        full();
        assertGivenOnceFetched(image, "1.0");
        assertFalse(Files.exists(record(image)));

        Files.delete(images.resolve("partial"));
        registry.restart();
        upstream.refuseConnections();
        assertArrayEquals(image.manifest(), get(manifest("team/app", "1.0")).body());
    }

    @Test
    void tagMovesWhileDiskIsFull() throws Exception {
        startWith("  tags: [{pattern: '*', policy: always}]\nprefetch: false\n");
        assertArrayEquals(image.manifest(), get(manifest("team/app", "1.0")).body());
        full();
        FakeImage moved = upstream.image("team/app", "1.0").seed(2).layer(100).push();
        assertArrayEquals(moved.manifest(), get(manifest("team/app", "1.0")).body());
        assertArrayEquals(moved.manifest(), get(manifest("team/app", "1.0")).body());
        Files.delete(images.resolve("partial"));
        stopServer();
        upstream.refuseConnections();
        startWith("prefetch: false\n");
        assertArrayEquals(moved.manifest(), get(manifest("team/app", "1.0")).body());
    }

    @Test
    void recordDeletedWhileRunningIsFetchedAgain() throws Exception {
        for (int fetched = 1; fetched <= 3; fetched++) {
            assertArrayEquals(image.manifest(), get(manifest("team/app", "1.0")).body());
            assertArrayEquals(image.manifest(), get(manifest("team/app", "1.0")).body());
            assertEquals(fetched, upstream.requests(Match.manifests()).size());
            Files.delete(record(image));
            Files.delete(images.resolve("img"));
        }
    }

    /** Checks that a HEAD by tag and a GET by digest, as sent by containerd, cost the upstream one GET. */
    private void assertGivenOnceFetched(FakeImage wanted, String tag) throws IOException {
        int before = upstream.requests(Match.manifests()).size();
        assertEquals(200, head(manifest("team/app", tag)).status());
        Response answer = get(manifest("team/app", wanted.digest()));
        assertEquals(200, answer.status());
        assertArrayEquals(wanted.manifest(), answer.body());
        assertArrayEquals(wanted.manifest(), get(manifest("team/app", tag)).body());
        assertEquals(before + 1, upstream.requests(Match.manifests()).size());
    }

    private void pull() throws IOException {
        assertArrayEquals(image.manifest(), get(manifest("team/app", "1.0")).body());
        assertEquals(200, status(blob("team/app", image.config().digest())));
        assertArrayEquals(image.layerBytes(0), get(layer()).body());
    }

    /** Makes the cache read-only, because it can no longer be locked. */
    private Map<String, String> readOnly() throws IOException {
        Files.delete(images.resolve(".lock"));
        Files.createDirectory(images.resolve(".lock"));
        return tree();
    }

    private void full() throws IOException {
        Files.delete(images.resolve("partial"));
        Files.createFile(images.resolve("partial"));
    }

    private Map<String, String> tree() throws IOException {
        Map<String, String> tree = new TreeMap<>();
        try (var files = Files.walk(images)) {
            for (Path file : files.toList()) {
                String content = Files.isRegularFile(file)
                        ? Digest.of(Files.readAllBytes(file)).toString()
                        : "directory";
                tree.put(images.relativize(file).toString(), content + Files.getLastModifiedTime(file));
            }
        }
        return tree;
    }

    private static void settle(Path file) throws IOException {
        Files.setLastModifiedTime(file, FileTime.from(Instant.now().minusSeconds(3600)));
    }

    private Path blobFile(Digest digest) {
        return images.resolve("blobs").resolve(digest.hex());
    }

    private Path record(FakeImage of) {
        return images.resolve("img").resolve(of.digest().hex());
    }

    private String layer() {
        return blob("team/app", image.layer(0));
    }
}
