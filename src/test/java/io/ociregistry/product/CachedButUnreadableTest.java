package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.LogLines;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp.Response;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Handles cached files that the server may not read ("permission denied"). File modes do not stop root, as which the
 * tests may run, so each such file is a link to a file of the kernel that can only be written.
 */
class CachedButUnreadableTest extends Scenario {
    private static final Path WRITE_ONLY = Path.of("/proc/sys/vm/compact_memory");

    @TempDir
    Path away;

    private FakeImage image;

    @BeforeEach
    void pullImage() throws Exception {
        assumeTrue(Files.isRegularFile(WRITE_ONLY) && !Files.isReadable(WRITE_ONLY));
        image = upstream.image("team/app", "1.0").layer(300_000).push();
        pull();
        assertEquals(200, status("/v2/team/app/tags/list?ns=r.example"));
        stopServer();
        upstream.forgetRequests();
    }

    @Override
    protected String configuration() {
        return "prefetch: false\ntimeouts: {stall: 1s}\n";
    }

    @Test
    void unreadableBlobIsFetchedAndItsFileStays() throws Exception {
        forbid("blobs/" + image.layer(0).hex());
        serve("");
        for (int asked = 1; asked <= 2; asked++) {
            assertEquals("300000", head(layer()).header("Content-Length"));
            assertArrayEquals(image.layerBytes(0), get(layer()).body());
            registry.awaitDownloads();
            assertEquals(
                    asked, upstream.requests(Match.blob(image.layer(0)).get()).size());
        }
        assertLeftAlone("blobs/" + image.layer(0).hex());
        assertStatusNames("blobs/" + image.layer(0).hex());
    }

    @Test
    void unreadableBlobWithoutUpstreamIs503() throws Exception {
        forbid("blobs/" + image.layer(0).hex());
        upstream.refuseConnections();
        serve("");
        assertSaysUnreadable(get(layer()));
    }

    @Test
    void airGappedBlobIs503() throws Exception {
        forbid("blobs/" + image.layer(0).hex());
        serve("airGapped: true\n");
        assertArrayEquals(image.manifest(), get(manifest("team/app", "1.0")).body());
        assertSaysUnreadable(get(layer()));
        assertEquals(503, head(layer()).status());
        assertEquals(404, status("/v2/team/app/blobs/sha256:" + "0".repeat(64) + "?ns=r.example"));
        assertLeftAlone("blobs/" + image.layer(0).hex());
        allow("blobs/" + image.layer(0).hex());
        assertArrayEquals(image.layerBytes(0), get(layer()).body());
    }

    @Test
    void airGappedManifestIs503AlsoByTagInItsRecord() throws Exception {
        String record = "img/" + image.digest().hex();
        forbid(record);
        Files.delete(images.resolve("records"));
        serve("airGapped: true\n");
        assertSaysUnreadable(get(manifest("team/app", "1.0")));
        assertSaysUnreadable(get(manifest("team/app", image.digest())));
        assertEquals(404, status(manifest("team/app", "sha256:" + "0".repeat(64))));
        assertLeftAlone(record);
        assertStatusNames(record);
        allow(record);
        assertArrayEquals(
                image.manifest(), get(manifest("team/app", image.digest())).body());
        assertArrayEquals(image.manifest(), get(manifest("team/app", "1.0")).body());
    }

    @Test
    void unreadableManifestIsFetchedAndKeepsItsNames() throws Exception {
        String record = "img/" + image.digest().hex();
        forbid(record);
        Files.delete(images.resolve("records"));
        serve("");
        assertArrayEquals(
                image.manifest(), get(manifest("team/app", image.digest())).body());
        assertLeftAlone(record);
        allow(record);
        stopServer();
        upstream.refuseConnections();
        serve("");
        assertArrayEquals(image.manifest(), get(manifest("team/app", "1.0")).body());
        assertArrayEquals(
                image.manifest(), get(manifest("team/app", image.digest())).body());
    }

    @Test
    void unreadableIndexFilesAreNotMovedOrReplaced() throws Exception {
        List<String> files = List.of("verified", "records", "pulled", "lists/links");
        for (String file : files) {
            forbid(file);
        }
        serve("");
        pull();
        stopServer();
        for (String file : files) {
            assertLeftAlone(file);
        }
        serve("");
        assertStatusNames("lists/links");
    }

    @Test
    void manyUnreadableFilesAreLoggedOnce() throws Exception {
        forbid("img/" + image.digest().hex());
        forbid("blobs/" + image.layer(0).hex());
        forbid("blobs/" + image.config().digest().hex());
        try (LogLines log = LogLines.of("io.ociregistry.store")) {
            serve("airGapped: true\n");
            for (int i = 0; i < 3; i++) {
                assertEquals(503, status(manifest("team/app", "1.0")));
                assertEquals(503, status(layer()));
            }
            assertEquals(1, log.at("ERROR").size(), log.text());
            String line = log.at("ERROR").get(0);
            assertTrue(line.contains("cached but unreadable: " + images.resolve("img")), line);
            assertTrue(line.contains("with mode -w-------") && line.contains("this process runs as "), line);
        }
    }

    private void assertLeftAlone(String name) throws IOException {
        assertTrue(Files.isSymbolicLink(images.resolve(name)), name);
        try (var files = Files.list(images.resolve("corrupt"))) {
            assertEquals(List.of(), files.toList());
        }
    }

    private void assertStatusNames(String name) throws IOException {
        String status = registry.operator().get("/cmd/status").text();
        assertTrue(status.contains("cached but unreadable: ") && status.contains(name), status);
    }

    private static void assertSaysUnreadable(Response answer) throws IOException {
        String text = answer.text();
        assertEquals(503, answer.status(), text);
        assertTrue(text.contains("\"UNAVAILABLE\"") && text.contains("cached but unreadable: "), text);
        assertTrue(text.contains("run: ch"), text);
    }

    private void forbid(String name) throws IOException {
        Path kept = away.resolve(name.replace('/', '-'));
        Files.move(images.resolve(name), kept);
        Files.createSymbolicLink(images.resolve(name), WRITE_ONLY);
    }

    private void allow(String name) throws IOException {
        Files.delete(images.resolve(name));
        Files.move(away.resolve(name.replace('/', '-')), images.resolve(name));
    }

    private void pull() throws IOException {
        assertArrayEquals(image.manifest(), get(manifest("team/app", "1.0")).body());
        for (Digest blob : List.of(image.config().digest(), image.layer(0))) {
            assertEquals(200, status(blob("team/app", blob)));
        }
    }

    private void serve(String more) throws Exception {
        startWith(more + configuration());
    }

    private String layer() {
        return blob("team/app", image.layer(0));
    }
}
