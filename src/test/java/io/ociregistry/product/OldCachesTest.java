package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeIndex;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.GoCache;
import io.ociregistry.testing.GoCache.Version;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import io.ociregistry.testing.RunningRegistry;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Serves caches that versions of the Go program left, without changing their place. */
@Timeout(60)
class OldCachesTest {
    private static final String AIR_GAPPED = "airGapped: true\n";

    @TempDir
    Path images;

    private FakeUpstream upstream;
    private FakeImage amd64;
    private FakeImage arm64;
    private FakeIndex list;

    @BeforeEach
    void make() {
        upstream = FakeUpstream.start();
        amd64 = upstream.image("team/app", "amd64").layer(40_000).push();
        arm64 = upstream.image("team/app", "arm64")
                .architecture("arm64")
                .layer(30_000)
                .push();
        list = upstream.index("team/app", "v1", amd64, arm64);
    }

    @AfterEach
    void stop() {
        upstream.close();
    }

    @ParameterizedTest
    @EnumSource
    void eachTagAndDigestIsServedOffline(Version version) throws Exception {
        FakeImage docker =
                upstream.image("jetstack/webhook", "v1").docker().layer(20_000).push();
        FakeIndex dockerList = upstream.index("jetstack/webhook", "list", docker);
        FakeImage hello = upstream.image("hello-world", "latest").layer(1000).push();
        GoCache cache = GoCache.create(images, version);
        cache.index(list, "r.example/team/app:v1");
        cache.image(amd64, byDigest("r.example/team/app", amd64));
        cache.image(arm64, byDigest("r.example/team/app", arm64));
        cache.index(dockerList, "quay.io/jetstack/webhook:v1.11.2");
        cache.image(docker, byDigest("quay.io/jetstack/webhook", docker));
        cache.image(hello, "docker.io/hello-world:latest");

        try (RunningRegistry registry = RunningRegistry.start(AIR_GAPPED, images)) {
            for (int start = 0; start < 2; start++) {
                assertManifest(registry, list.bytes(), "r.example/team/app", "v1");
                assertImage(
                        registry, amd64, "r.example/team/app", amd64.digest().toString());
                assertImage(
                        registry, arm64, "r.example/team/app", arm64.digest().toString());
                assertManifest(registry, dockerList.bytes(), "quay.io/jetstack/webhook", "v1.11.2");
                assertImage(
                        registry,
                        docker,
                        "quay.io/jetstack/webhook",
                        docker.digest().toString());
                assertImage(registry, hello, "docker.io/hello-world", "latest");
                assertImage(registry, hello, "docker.io/library/hello-world", "latest");
                registry.restart();
            }
        }
        assertFalse(Files.exists(images.resolve("corrupt").resolve("x")));
        try (var corrupt = Files.list(images.resolve("corrupt"))) {
            assertEquals(List.of(), corrupt.toList());
        }
    }

    /** Sample E: "load" writes the tag of the index into the record of the image too, and writes no times. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void tagOfIndexAndItsImageMeansTheIndex(boolean imageIsNewer) throws Exception {
        GoCache cache = GoCache.create(images, Version.V1_9).times("", "");
        Path image = cache.image(amd64, "r.example/team/app:v1");
        Path index = cache.index(list, "r.example/team/app:v1");
        Path older = imageIsNewer ? index : image;
        Files.setLastModifiedTime(older, java.nio.file.attribute.FileTime.fromMillis(1_000_000_000_000L));

        try (RunningRegistry registry = RunningRegistry.start(AIR_GAPPED, images)) {
            assertManifest(registry, list.bytes(), "r.example/team/app", "v1");
            assertImage(registry, amd64, "r.example/team/app", amd64.digest().toString());
        }
    }

    @Test
    void imageWithItsOwnTagIsServedByIt() throws Exception {
        GoCache.create(images, Version.V1_9).times("", "").image(amd64, "r.example/team/app:v1");
        try (RunningRegistry registry = RunningRegistry.start(AIR_GAPPED, images)) {
            assertImage(registry, amd64, "r.example/team/app", "v1");
        }
    }

    @Test
    void imageIsNotServedByDigestOfItsIndex() throws Exception {
        GoCache.create(images, Version.V1_9).image(amd64, "r.example/team/app@" + list.digest());
        try (RunningRegistry registry = RunningRegistry.start(AIR_GAPPED, images)) {
            assertEquals(
                    404,
                    manifest(registry, "r.example/team/app", list.digest().toString())
                            .status());
            assertImage(registry, amd64, "r.example/team/app", amd64.digest().toString());
        }
    }

    /** Sample F: hello-world mode writes both records into lts/, so the directory does not show the type. */
    @Test
    void recordIsFoundInUnexpectedDirectory() throws Exception {
        GoCache cache = GoCache.create(images, Version.V1_9);
        cache.image(amd64, byDigest("r.example/team/app", amd64));
        Files.move(
                images.resolve("img/" + amd64.digest().hex()),
                images.resolve("lts/" + amd64.digest().hex()));
        cache.index(list, "r.example/team/app:latest");
        Files.createDirectories(images.resolve("fat"));
        cache.record(byDigest("r.example/team/app", arm64), arm64.mediaType(), arm64.manifest(), "fat");
        try (RunningRegistry registry = RunningRegistry.start(AIR_GAPPED, images)) {
            assertManifest(registry, list.bytes(), "r.example/team/app", "latest");
            assertImage(registry, amd64, "r.example/team/app", amd64.digest().toString());
            assertManifest(
                    registry,
                    arm64.manifest(),
                    "r.example/team/app",
                    arm64.digest().toString());
        }
    }

    @Test
    void digestInTwoDirectoriesKeepsAllItsNames() throws Exception {
        GoCache cache = GoCache.create(images, Version.V1_9);
        cache.image(amd64, "r.example/team/app:v1");
        cache.image(amd64, "r.example/team/app:latest");
        Files.copy(
                cache.record("r.example/team/app:v2", amd64.mediaType(), amd64.manifest(), "lts"),
                images.resolve("img/" + amd64.digest().hex() + ".sync-conflict-20250420-200604-ABCDEFG"));
        cache.image(amd64, "r.example/team/app:latest");
        try (RunningRegistry registry = RunningRegistry.start(configuration(), images)) {
            assertImage(registry, amd64, "r.example/team/app", "amd64");
            for (int start = 0; start < 2; start++) {
                for (String tag : List.of("v1", "v2", "latest", "amd64")) {
                    assertImage(registry, amd64, "r.example/team/app", tag);
                }
                upstream.refuseConnections();
                registry.restart();
            }
        }
        assertTrue(Files.exists(images.resolve("img/" + amd64.digest().hex())), "where it was");
        assertFalse(Files.exists(images.resolve("lts/" + amd64.digest().hex())), "its names are in the other");
        assertEquals(1, files("img").size(), files("img").toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"localhost:5000", "registry:5000", "registry"})
    void hostWithoutDotPreventsNoStart(String host) throws Exception {
        GoCache.create(images, Version.V1_8).image(amd64, host + "/team/app:v1");
        try (RunningRegistry registry = RunningRegistry.start(AIR_GAPPED, images)) {
            assertImage(registry, amd64, host + "/team/app", "v1");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"$CREATED", "", "2025-04-20 20:06:04", "never"})
    void recordWithUnreadableTimesIsServed(String time) throws Exception {
        GoCache.create(images, Version.V1_8).times(time, time).image(amd64, "r.example/team/app:v1");
        try (RunningRegistry registry = RunningRegistry.start(AIR_GAPPED, images)) {
            assertImage(registry, amd64, "r.example/team/app", "v1");
        }
    }

    @Test
    void missingOrTruncatedBlobIsFetched() throws Exception {
        GoCache cache = GoCache.create(images, Version.V1_9);
        cache.image(amd64, "r.example/team/app:v1");
        cache.image(arm64, "r.example/team/app:v2");
        Files.delete(images.resolve("blobs/" + amd64.layer(0).hex()));
        Path cut = images.resolve("blobs/" + arm64.layer(0).hex());
        Files.write(cut, java.util.Arrays.copyOf(arm64.layerBytes(0), 10_000));

        try (RunningRegistry registry = RunningRegistry.start(AIR_GAPPED, images)) {
            assertManifest(registry, amd64.manifest(), "r.example/team/app", "v1");
            assertEquals(
                    404, blob(registry, "r.example/team/app", amd64.layer(0)).status());
            assertEquals(
                    404, blob(registry, "r.example/team/app", arm64.layer(0)).status());
        }
        try (RunningRegistry registry = RunningRegistry.start(configuration(), images)) {
            assertImage(registry, amd64, "r.example/team/app", "v1");
            assertImage(registry, arm64, "r.example/team/app", "v2");
        }
    }

    @Test
    void otherFilesStayAndAreNotReadCompletely() throws Exception {
        GoCache cache = GoCache.create(images, Version.V1_9);
        cache.image(amd64, "r.example/team/app:v1");
        Path huge = images.resolve("img").resolve("0".repeat(64));
        try (var file = new RandomAccessFile(huge.toFile(), "rw")) {
            // The file is larger than any array can be.
            file.setLength(5L << 30);
        }
        Path note = Files.writeString(images.resolve("img/NOTES.txt"), "do not touch");
        for (Path old : List.of(huge, note)) {
            Files.setLastModifiedTime(old, java.nio.file.attribute.FileTime.fromMillis(1_000_000_000_000L));
        }
        try (RunningRegistry registry = RunningRegistry.start(AIR_GAPPED, images)) {
            assertImage(registry, amd64, "r.example/team/app", "v1");
            assertEquals(
                    404,
                    manifest(registry, "r.example/team/app", "sha256:" + "0".repeat(64))
                            .status());
        }
        assertTrue(Files.exists(huge));
        assertTrue(Files.exists(note));
    }

    private List<Path> files(String directory) throws IOException {
        try (var files = Files.list(images.resolve(directory))) {
            return files.toList();
        }
    }

    private String configuration() {
        return "registries:\n- name: r.example\n  endpoint: " + upstream.url() + "\n";
    }

    private static String byDigest(String repository, FakeImage image) {
        return repository + "@" + image.digest();
    }

    private static void assertImage(RunningRegistry registry, FakeImage image, String repository, String reference)
            throws IOException {
        assertManifest(registry, image.manifest(), repository, reference);
        assertArrayEquals(
                image.config().content().bytes(),
                blob(registry, repository, image.config().digest()).body());
        for (int i = 0; i < image.layers().size(); i++) {
            assertArrayEquals(
                    image.layerBytes(i),
                    blob(registry, repository, image.layer(i)).body());
        }
    }

    private static void assertManifest(RunningRegistry registry, byte[] expected, String repository, String reference)
            throws IOException {
        Response answer = manifest(registry, repository, reference);
        assertEquals(200, answer.status(), repository + " " + reference + ": " + answer.text());
        assertArrayEquals(expected, answer.body(), repository + " " + reference);
    }

    private static Response manifest(RunningRegistry registry, String repository, String reference) throws IOException {
        return RawHttp.get(registry.base(), path(repository, "manifests/" + reference));
    }

    private static Response blob(RunningRegistry registry, String repository, Digest digest) throws IOException {
        return RawHttp.get(registry.base(), path(repository, "blobs/" + digest));
    }

    private static String path(String repository, String rest) {
        int slash = repository.indexOf('/');
        return "/v2/" + repository.substring(slash + 1) + "/" + rest + "?ns=" + repository.substring(0, slash);
    }
}
