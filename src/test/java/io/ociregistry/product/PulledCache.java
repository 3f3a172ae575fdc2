package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeIndex;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import io.ociregistry.testing.RunningRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A cache of a stopped server that has pulled two images, and one blob that no manifest names. A test damages one
 * image; the other stays intact.
 */
final class PulledCache {
    private static final String NS = "?ns=r.example";

    private final FakeUpstream upstream;
    private final Path images;
    private final FakeImage image;
    private final FakeIndex index;
    private final FakeImage sound;
    private final FakeImage named;
    private final Map<String, byte[]> touched = new LinkedHashMap<>();
    private final Map<String, byte[]> untouched = new LinkedHashMap<>();
    private Map<Path, FileTime> pulled = Map.of();
    private String damage = "";

    private PulledCache(FakeUpstream upstream, Path images) {
        this.upstream = upstream;
        this.images = images;
        image = upstream.image("team/app", "1.0").layer(150_000).push();
        index = upstream.index("team/app", "all", image);
        named = upstream.image("team/loose", "1.0").layer(20_000).push();
        sound = upstream.image("team/sound", "1.0").layer(50_000).push();
        expect(touched, "team/app/manifests/all", index.bytes());
        expectImage(touched, image);
        expect(touched, "team/loose/blobs/" + named.layer(0), named.layerBytes(0));
        expectImage(untouched, sound);
    }

    static PulledCache pull(FakeUpstream upstream, Path images) throws Exception {
        PulledCache cache = new PulledCache(upstream, images);
        try (RunningRegistry registry = cache.start()) {
            cache.assertAllRight(registry);
        }
        upstream.forgetRequests();
        cache.pulled = cache.times();
        return cache;
    }

    RunningRegistry start() throws Exception {
        return RunningRegistry.start("registries:\n- name: r.example\n  endpoint: " + upstream.url() + "\n", images);
    }

    Path at(String name) {
        return images.resolve(name);
    }

    Path layer() {
        return at("blobs/" + image.layer(0).hex());
    }

    Path config() {
        return at("blobs/" + image.config().digest().hex());
    }

    /** The blob that has only a confirmed digest link to its repository. */
    Path loose() {
        return at("blobs/" + named.layer(0).hex());
    }

    Path record() {
        return at("img/" + image.digest().hex());
    }

    Path index() {
        return at("fat/" + index.digest().hex());
    }

    Path soundRecord() {
        return at("img/" + sound.digest().hex());
    }

    Path partial() {
        return at("partial/" + image.layer(0).hex() + "@r.example");
    }

    Path checkpoints() {
        return partial().resolveSibling(partial().getFileName() + ".checkpoints");
    }

    Path verified() {
        return at("verified");
    }

    Path links() {
        return at("lists/links");
    }

    /** Brings the cache into a state; failures after this call name the state. */
    void damage(BrokenState state) throws IOException {
        damage = state.name() + ": ";
        state.damage().to(this);
    }

    /** Makes the upstream refuse connections until it is healed; it keeps its port. */
    void cutUpstream() {
        upstream.on(Match.anything()).always(new Fault.ResetBeforeHeaders());
    }

    /** Makes each file that changed since the pull look as if the machine had been off for an hour. */
    void age() throws IOException {
        for (Map.Entry<Path, FileTime> file : times().entrySet()) {
            if (!file.getValue().equals(pulled.get(file.getKey())) && Files.isReadable(file.getKey())) {
                Files.setLastModifiedTime(
                        file.getKey(), FileTime.from(Instant.now().minusSeconds(3600)));
            }
        }
    }

    private Map<Path, FileTime> times() throws IOException {
        Map<Path, FileTime> times = new HashMap<>();
        try (var files = Files.walk(images)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                times.put(file, Files.getLastModifiedTime(file));
            }
        }
        return times;
    }

    void assertAllRight(RunningRegistry registry) throws IOException {
        assertRight(registry, touched);
        assertRight(registry, untouched);
    }

    void assertIntactContentNeedsNoUpstream(RunningRegistry registry) throws IOException {
        int before = upstream.requestsTo("/v2/team/sound").size();
        assertRight(registry, untouched);
        assertEquals(before, upstream.requestsTo("/v2/team/sound").size(), damage);
    }

    private void assertRight(RunningRegistry registry, Map<String, byte[]> expected) throws IOException {
        for (Map.Entry<String, byte[]> path : expected.entrySet()) {
            Response answer = RawHttp.get(registry.base(), path.getKey());
            String what = damage + path.getKey();
            assertEquals(200, answer.status(), what);
            assertTrue(answer.complete(), what);
            assertArrayEquals(path.getValue(), answer.body(), what);
        }
    }

    /**
     * Checks that a second request gets the right bytes; the first may be cut off because of wrong bytes.
     */
    void assertHeals(RunningRegistry registry) throws IOException {
        assertNeverWrong(registry);
        assertAllRight(registry);
    }

    /** Checks that an answer is correct, cut off, or a clean error. */
    void assertNeverWrong(RunningRegistry registry) throws IOException {
        List<String> wrong = new ArrayList<>();
        Map<String, byte[]> all = new LinkedHashMap<>(touched);
        all.putAll(untouched);
        for (Map.Entry<String, byte[]> path : all.entrySet()) {
            Response answer = RawHttp.get(registry.base(), path.getKey());
            byte[] body = answer.body();
            boolean right = answer.status() == 200 && (!answer.complete() || Arrays.equals(body, path.getValue()));
            boolean clean = answer.status() >= 400 && answer.text().startsWith("{\"errors\":[{\"code\":");
            if ((!right && !clean) || answer.status() == 500) {
                wrong.add(path.getKey() + ": " + answer.status() + " " + answer.text());
            }
        }
        assertEquals(List.of(), wrong, damage);
    }

    private static void expectImage(Map<String, byte[]> expected, FakeImage image) {
        String base = image.repository() + "/";
        expect(expected, base + "manifests/1.0", image.manifest());
        expect(expected, base + "manifests/" + image.digest(), image.manifest());
        expect(
                expected,
                base + "blobs/" + image.config().digest(),
                image.config().content().bytes());
        expect(expected, base + "blobs/" + image.layer(0), image.layerBytes(0));
    }

    private static void expect(Map<String, byte[]> expected, String path, byte[] bytes) {
        expected.put("/v2/" + path + NS, bytes);
    }
}
