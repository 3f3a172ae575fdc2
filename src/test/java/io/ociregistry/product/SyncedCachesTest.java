package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.registry.ContextWith;
import io.ociregistry.testing.Await;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import io.ociregistry.testing.RunningRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Serves the changes that copies and sync tools make in the directory of a running, air-gapped server. */
@Timeout(60)
class SyncedCachesTest {
    private static final Duration NOW = Duration.ZERO;
    private static final Duration NEVER = Duration.ofDays(1);

    @TempDir
    Path far;

    @TempDir
    Path near;

    private FakeUpstream upstream;
    private FakeImage image;
    private FakeImage second;
    private RunningRegistry registry;

    /** Fills the remote server with two images, one of them with two tags; the local server stays empty. */
    @BeforeEach
    void start() throws Exception {
        upstream = FakeUpstream.start();
        image = upstream.image("team/app", "1.0").layer(50_000).push();
        second = upstream.image("team/app", "2.0").layer(60_000).push();
        fill("1.0");
        fill("2.0");
        registry = RunningRegistry.startOpened(
                "airGapped: true\n", near, config -> ContextWith.pollingEvery(config, NOW, NEVER));
    }

    @AfterEach
    void stop() {
        registry.close();
        upstream.close();
    }

    @Test
    void copiedImagesAreServedByTagAndDigest() throws Exception {
        assertEquals(404, manifest("1.0").status());
        sync(image);
        assertServed(image, "1.0");
        assertEquals(404, manifest(second.digest().toString()).status());
        sync(second);
        assertServed(second, second.digest().toString());
        assertServed(second, "2.0");
        assertEquals(List.of("1.0", "2.0"), tags());
    }

    @Test
    void backgroundScanFindsCopiedImages() throws Exception {
        registry.close();
        registry = RunningRegistry.startOpened(
                "airGapped: true\n", near, config -> ContextWith.pollingEvery(config, NEVER, Duration.ofMillis(20)));
        sync(image);
        awaitTags(List.of("1.0"));
        Files.delete(near.resolve(record(image)));
        awaitTags(List.of());
    }

    private void awaitTags(List<String> expected) throws Exception {
        Await.until("the tags " + expected, this::tags, expected::equals);
    }

    @Test
    void remoteTagChangesApplyAfterCopy() throws Exception {
        sync(image);
        sync(second);
        assertServed(image, "1.0");
        upstream.tag("team/app", "1.0", second.digest());
        fill("1.0");
        sync(image);
        sync(second);
        assertEquals(404, manifest("a-miss").status());
        assertServed(second, "1.0");
        assertServed(second, "2.0");

        Files.delete(near.resolve(record(second)));
        assertEquals(404, manifest("2.0").status());
        assertEquals(List.of("1.0"), tags(), "the first image still claims it");
        assertServed(image, "1.0");
    }

    @Test
    void partialCopyIsServedOnceComplete() throws Exception {
        byte[] record = Files.readAllBytes(far.resolve(record(image)));
        byte[] layer = image.layerBytes(0);
        Path blob = near.resolve("blobs/" + image.layer(0).hex());
        Path target = near.resolve(record(image));
        for (int part : new int[] {0, 1, record.length / 2, record.length - 1}) {
            Files.write(target, Arrays.copyOf(record, part));
            assertEquals(404, manifest("1.0").status(), part + " bytes of " + record.length);
            assertEquals(404, manifest(image.digest().toString()).status());
        }
        Files.write(target, record);
        assertArrayEquals(image.manifest(), manifest("1.0").body());

        Files.write(blob, Arrays.copyOf(layer, 10_000));
        assertEquals(404, blob().status());
        Files.write(blob, Arrays.copyOfRange(layer, 10_000, layer.length), StandardOpenOption.APPEND);
        assertArrayEquals(layer, blob().body());
        try (var corrupt = Files.list(near.resolve("corrupt"))) {
            assertEquals(List.of(), corrupt.toList());
        }
    }

    @Test
    void temporaryFilesOfSyncToolsAreIgnored() throws Exception {
        String name = image.digest().hex();
        for (String temporary : List.of(".syncthing." + name + ".tmp", "." + name + ".Xa82jd", name + ".tmp")) {
            Files.copy(far.resolve(record(image)), near.resolve("img").resolve(temporary));
        }
        assertEquals(404, manifest("1.0").status());
        assertEquals(List.of(), tags());
    }

    @Test
    void conflictFileOfSyncToolAddsItsNames() throws Exception {
        sync(image);
        upstream.tag("team/app", "3.0", image.digest());
        fill("3.0");
        String conflict = record(image) + ".sync-conflict-20260105-100000-ABCDEFG";
        Files.copy(far.resolve(record(image)), near.resolve(conflict));
        assertServed(image, "3.0");
        assertServed(image, "1.0");
        assertTrue(Files.exists(near.resolve(conflict)), "the server writes only if it has something to write");
    }

    private void fill(String tag) throws Exception {
        String configuration = "registries:\n- name: r.example\n  endpoint: " + upstream.url()
                + "\n  tags: [{pattern: '*', policy: always}]\n";
        try (RunningRegistry filling = RunningRegistry.start(configuration, far)) {
            Response manifest = RawHttp.get(filling.base(), "/v2/team/app/manifests/" + tag + "?ns=r.example");
            assertEquals(200, manifest.status());
            FakeImage pulled = Arrays.equals(manifest.body(), image.manifest()) ? image : second;
            for (String digest :
                    List.of(pulled.layer(0).toString(), pulled.config().digest().toString())) {
                assertEquals(
                        200,
                        RawHttp.get(filling.base(), "/v2/team/app/blobs/" + digest + "?ns=r.example")
                                .status());
            }
        }
    }

    /** Copies like rsync and Syncthing: blobs in any order, each file complete at once. */
    private void sync(FakeImage synced) throws IOException {
        for (String name : List.of(
                "blobs/" + synced.layer(0).hex(),
                record(synced),
                "blobs/" + synced.config().digest().hex())) {
            Path target = near.resolve(name);
            Path aside = target.resolveSibling("." + target.getFileName() + ".Xa82jd");
            Files.copy(far.resolve(name), aside, StandardCopyOption.COPY_ATTRIBUTES);
            Files.move(aside, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private static String record(FakeImage image) {
        return "img/" + image.digest().hex();
    }

    private void assertServed(FakeImage expected, String reference) throws IOException {
        Response answer = manifest(reference);
        assertEquals(200, answer.status(), reference + ": " + answer.text());
        assertArrayEquals(expected.manifest(), answer.body(), reference);
        Response layer = RawHttp.get(registry.base(), "/v2/team/app/blobs/" + expected.layer(0) + "?ns=r.example");
        assertArrayEquals(expected.layerBytes(0), layer.body());
    }

    private Response manifest(String reference) throws IOException {
        return RawHttp.get(registry.base(), "/v2/team/app/manifests/" + reference + "?ns=r.example");
    }

    private Response blob() throws IOException {
        return RawHttp.get(registry.base(), "/v2/team/app/blobs/" + image.layer(0) + "?ns=r.example");
    }

    private List<String> tags() throws IOException {
        String text = RawHttp.get(registry.base(), "/v2/team/app/tags/list?ns=r.example")
                .text();
        int list = text.indexOf("\"tags\":[");
        String tags = list < 0 ? "" : text.substring(list + 8, text.indexOf(']', list));
        return tags.isEmpty() ? List.of() : Arrays.asList(tags.replace("\"", "").split(",", -1));
    }
}
