package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import io.ociregistry.testing.RunningRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What clients get from a cache whose disk is read-only, full, or not what it was. The tests run as root too, who may
 * write everything: a
 * directory in the place of the lock makes the cache read-only, a file in the place of {@code partial/} lets nothing
 * be written.
 */
@Timeout(60)
class DiskTroubleTest {
    @TempDir
    Path images;

    private FakeUpstream upstream;
    private FakeImage image;
    private RunningRegistry registry;

    @BeforeEach
    void start() throws Exception {
        upstream = FakeUpstream.start();
        image = upstream.image("team/app", "1.0").layer(300_000).push();
        open();
    }

    @AfterEach
    void stop() {
        registry.close();
        upstream.close();
    }

    @Test
    void aReadOnlyCacheServesWhatItHasAndWritesNothing() throws Exception {
        pull();
        registry.close();
        Map<String, String> before = readOnly();
        upstream.refuseConnections();
        open();
        assertTrue(registry.context().warning().orElseThrow().contains("served read-only"));
        pull();
        registry.close();
        assertEquals(before, tree());
    }

    @Test
    void aReadOnlyCacheServesWhatNobodyVerifiedYet() throws Exception {
        pull();
        registry.close();
        Files.delete(images.resolve("verified"));
        settle(blob(image.layer(0)));
        Map<String, String> before = readOnly();
        upstream.refuseConnections();
        open();
        for (int i = 0; i < 2; i++) {
            assertArrayEquals(image.layerBytes(0), get(layer()).body());
        }
        assertEquals(before, tree());
    }

    @Test
    void aReadOnlyCacheGivesWhatItCantKeep() throws Exception {
        pull();
        registry.close();
        Map<String, String> before = readOnly();
        open();
        FakeImage next = upstream.image("team/app", "2.0").seed(2).layer(100).push();
        assertGivenOnceFetched(next, "2.0");
        assertArrayEquals(next.layerBytes(0), get(path(next.layer(0))).body());
        registry.close();
        assertEquals(before, tree());
    }

    @Test
    void aBadFileInAReadOnlyCacheIsServedToNobodyAsAWhole_andCountsAsAbsentAfterwards() throws Exception {
        pull();
        registry.close();
        byte[] wrong = image.layerBytes(0).clone();
        wrong[7] ^= 1;
        Files.write(blob(image.layer(0)), wrong);
        settle(blob(image.layer(0)));
        Map<String, String> before = readOnly();
        open();
        Response cut = get(layer());
        cut.body();
        assertFalse(cut.complete());
        int asked = upstream.requests(Match.blob(image.layer(0))).size();
        assertArrayEquals(image.layerBytes(0), get(layer()).body());
        assertArrayEquals(image.layerBytes(0), get(layer()).body());
        assertEquals(asked + 2, upstream.requests(Match.blob(image.layer(0))).size());
        registry.close();
        assertEquals(before, tree());
    }

    @Test
    void aManifestThatTheDiskDoesNotTakeIsGivenAndIsKeptAsSoonAsItDoes() throws Exception {
        full();
        assertGivenOnceFetched(image, "1.0");
        assertFalse(Files.exists(record(image)));

        Files.delete(images.resolve("partial"));
        registry.restart();
        upstream.refuseConnections();
        assertArrayEquals(image.manifest(), get(tag("1.0")).body());
    }

    @Test
    void aTagThatMovesWhileTheDiskIsFullHasMoved() throws Exception {
        registry.close();
        open("  tags: [{pattern: '*', policy: always}]\n");
        assertArrayEquals(image.manifest(), get(tag("1.0")).body());
        full();
        FakeImage moved = upstream.image("team/app", "1.0").seed(2).layer(100).push();
        assertArrayEquals(moved.manifest(), get(tag("1.0")).body());
        assertArrayEquals(moved.manifest(), get(tag("1.0")).body());
        Files.delete(images.resolve("partial"));
        registry.close();
        upstream.refuseConnections();
        open();
        assertArrayEquals(moved.manifest(), get(tag("1.0")).body());
    }

    @Test
    void aRecordThatGoesUnderARunningServerIsFetchedAgain() throws Exception {
        for (int fetched = 1; fetched <= 3; fetched++) {
            assertArrayEquals(image.manifest(), get(tag("1.0")).body());
            assertArrayEquals(image.manifest(), get(tag("1.0")).body());
            assertEquals(fetched, upstream.requests(Match.manifests()).size());
            Files.delete(record(image));
            Files.delete(images.resolve("img"));
        }
    }

    /** HEAD by tag, then GET by digest as containerd does it, costs the upstream one GET. */
    private void assertGivenOnceFetched(FakeImage wanted, String tag) throws IOException {
        int before = upstream.requests(Match.manifests()).size();
        assertEquals(200, RawHttp.head(registry.base(), tag(tag)).status());
        Response answer = get(tag(wanted.digest().toString()));
        assertEquals(200, answer.status());
        assertArrayEquals(wanted.manifest(), answer.body());
        assertArrayEquals(wanted.manifest(), get(tag(tag)).body());
        assertEquals(before + 1, upstream.requests(Match.manifests()).size());
    }

    private void pull() throws IOException {
        assertArrayEquals(image.manifest(), get(tag("1.0")).body());
        assertEquals(200, get(path(image.config().digest())).status());
        assertArrayEquals(image.layerBytes(0), get(layer()).body());
    }

    /** Lets nobody lock the cache any more. */
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

    private Path blob(Digest digest) {
        return images.resolve("blobs").resolve(digest.hex());
    }

    private Path record(FakeImage of) {
        return images.resolve("img").resolve(of.digest().hex());
    }

    private String layer() {
        return path(image.layer(0));
    }

    private static String path(Digest blob) {
        return "/v2/team/app/blobs/" + blob + "?ns=r.example";
    }

    private static String tag(String reference) {
        return "/v2/team/app/manifests/" + reference + "?ns=r.example";
    }

    private Response get(String path) throws IOException {
        return RawHttp.get(registry.base(), path);
    }

    private void open(String... more) throws Exception {
        registry = RunningRegistry.start(
                "prefetch: false\nregistries:\n- name: r.example\n  endpoint: " + upstream.url() + "\n"
                        + String.join("", more),
                images);
    }
}
