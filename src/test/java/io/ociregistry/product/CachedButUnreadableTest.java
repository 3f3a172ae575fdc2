package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.LogLines;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import io.ociregistry.testing.RunningRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Cached files that the server may not read ("permission denied"). Modes stop no root, which the tests run as; so each
 * is a link to a file of the kernel that can only be written.
 */
@Timeout(60)
class CachedButUnreadableTest {
    private static final Path WRITE_ONLY = Path.of("/proc/sys/vm/compact_memory");

    @TempDir
    Path images;

    @TempDir
    Path away;

    private FakeUpstream upstream;
    private FakeImage image;
    private RunningRegistry registry;

    @BeforeEach
    void anImageIsCached() throws Exception {
        assumeTrue(Files.isRegularFile(WRITE_ONLY) && !Files.isReadable(WRITE_ONLY));
        upstream = FakeUpstream.start();
        image = upstream.image("team/app", "1.0").layer(300_000).push();
        serve("");
        pull();
        assertEquals(200, get("/v2/team/app/tags/list?ns=r.example").status());
        registry.close();
        upstream.forgetRequests();
    }

    @AfterEach
    void stop() {
        registry.close();
        upstream.close();
    }

    @Test
    void blobComesFromTheUpstreamAndItsFileStays() throws Exception {
        forbid("blobs/" + image.layer(0).hex());
        serve("");
        for (int asked = 1; asked <= 2; asked++) {
            assertEquals("300000", RawHttp.head(registry.base(), layer()).header("Content-Length"));
            assertArrayEquals(image.layerBytes(0), get(layer()).body());
            assertEquals(
                    asked, upstream.requests(Match.blob(image.layer(0)).get()).size());
        }
        assertLeftAlone("blobs/" + image.layer(0).hex());
        assertStatusNames("blobs/" + image.layer(0).hex());
    }

    @Test
    void blobThatItsUpstreamDoesNotSendEitherSaysWhyItIsNotServed() throws Exception {
        forbid("blobs/" + image.layer(0).hex());
        upstream.refuseConnections();
        serve("");
        assertSaysUnreadable(get(layer()));
    }

    @Test
    void airGappedBlobIs503() throws Exception {
        forbid("blobs/" + image.layer(0).hex());
        serve("airGapped: true\n");
        assertArrayEquals(image.manifest(), get(manifest("1.0")).body());
        assertSaysUnreadable(get(layer()));
        assertEquals(503, RawHttp.head(registry.base(), layer()).status());
        assertEquals(
                404,
                get("/v2/team/app/blobs/sha256:" + "0".repeat(64) + "?ns=r.example")
                        .status());
        assertLeftAlone("blobs/" + image.layer(0).hex());
        allow("blobs/" + image.layer(0).hex());
        assertArrayEquals(image.layerBytes(0), get(layer()).body());
    }

    @Test
    void airGappedManifestIs503AlsoByATagThatOnlyItsRecordTells() throws Exception {
        String record = "img/" + image.digest().hex();
        forbid(record);
        Files.delete(images.resolve("records"));
        serve("airGapped: true\n");
        assertSaysUnreadable(get(manifest("1.0")));
        assertSaysUnreadable(get(manifest(image.digest().toString())));
        assertEquals(404, get(manifest("sha256:" + "0".repeat(64))).status());
        assertLeftAlone(record);
        assertStatusNames(record);
        allow(record);
        assertArrayEquals(
                image.manifest(), get(manifest(image.digest().toString())).body());
        assertArrayEquals(image.manifest(), get(manifest("1.0")).body());
    }

    @Test
    void manifestComesFromTheUpstreamAndItsRecordKeepsItsNames() throws Exception {
        String record = "img/" + image.digest().hex();
        forbid(record);
        Files.delete(images.resolve("records"));
        serve("");
        assertArrayEquals(
                image.manifest(), get(manifest(image.digest().toString())).body());
        assertLeftAlone(record);
        allow(record);
        registry.close();
        upstream.refuseConnections();
        serve("");
        assertArrayEquals(image.manifest(), get(manifest("1.0")).body());
        assertArrayEquals(
                image.manifest(), get(manifest(image.digest().toString())).body());
    }

    @Test
    void filesOfNotesAreNeitherMovedNorReplaced() throws Exception {
        List<String> notes = List.of("verified", "records", "pulled", "lists/links");
        for (String note : notes) {
            forbid(note);
        }
        serve("");
        pull();
        registry.close();
        for (String note : notes) {
            assertLeftAlone(note);
        }
        serve("");
        assertStatusNames("lists/links");
    }

    @Test
    void manyUnreadableFilesAreOneLineInTheLog() throws Exception {
        forbid("img/" + image.digest().hex());
        forbid("blobs/" + image.layer(0).hex());
        forbid("blobs/" + image.config().digest().hex());
        try (LogLines log = LogLines.of("io.ociregistry.store")) {
            serve("airGapped: true\n");
            for (int i = 0; i < 3; i++) {
                assertEquals(503, get(manifest("1.0")).status());
                assertEquals(503, get(layer()).status());
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
        assertArrayEquals(image.manifest(), get(manifest("1.0")).body());
        for (Digest blob : List.of(image.config().digest(), image.layer(0))) {
            assertEquals(
                    200, get("/v2/team/app/blobs/" + blob + "?ns=r.example").status());
        }
    }

    private void serve(String more) throws Exception {
        registry = RunningRegistry.start(
                "prefetch: false\ntimeouts: {stall: 1s}\nregistries:\n- name: r.example\n  endpoint: " + upstream.url()
                        + "\n" + more,
                images);
    }

    private String layer() {
        return "/v2/team/app/blobs/" + image.layer(0) + "?ns=r.example";
    }

    private static String manifest(String reference) {
        return "/v2/team/app/manifests/" + reference + "?ns=r.example";
    }

    private Response get(String path) throws IOException {
        return RawHttp.get(registry.base(), path);
    }
}
