package io.ociregistry.archive;

import static io.ociregistry.testing.TestArchive.FULL_NAME;
import static io.ociregistry.testing.TestArchive.REF_NAME;
import static io.ociregistry.testing.TestArchive.gzip;
import static io.ociregistry.testing.TestArchive.random;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Descriptor;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.Manifest;
import io.ociregistry.testing.TestArchive;
import io.ociregistry.testing.TestArchive.Image;
import io.ociregistry.testing.TestArchive.Packing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImageArchiveTest {
    private static final int MAX_MANIFEST_BYTES = 1 << 20;
    private static final byte[] LAYER = random(1, 200_000);

    @TempDir
    Path directory;

    private final TestArchive made = new TestArchive();

    static Stream<Packing> packings() {
        return Stream.of(Packing.PLAIN, Packing.GZIP, Packing.ZSTD);
    }

    @ParameterizedTest
    @MethodSource("packings")
    void readsLayoutWithAnyCompression(Packing packing) throws Exception {
        Image amd64 = made.image("amd64", LAYER, random(2, 10));
        Image arm64 = made.image("arm64", LAYER);
        Image index = made.index(amd64, arm64);
        made.list(index, FULL_NAME, "quay.io/team/app:1.0", REF_NAME, "1.0").layout();

        ImageArchive archive = ImageArchive.open(made.tar(directory.resolve("a.tar"), packing), MAX_MANIFEST_BYTES);

        assertEquals(List.of("quay.io/team/app:1.0"), names(archive, index));
        assertTrue(archive.manifest(amd64.digest()).isPresent());
        assertReads(archive, amd64);
        assertReads(archive, arm64);
        assertFalse(archive.isRebuilt());
    }

    @ParameterizedTest
    @ValueSource(strings = {"./", "", ".//"})
    void readsEntriesWithAnyPrefix(String prefix) throws Exception {
        Image image = made.image("amd64", LAYER);
        made.list(image, FULL_NAME, "quay.io/team/app:1.0").layout().prefix(prefix);

        assertReads(ImageArchive.open(made.tar(directory.resolve("a.tar")), MAX_MANIFEST_BYTES), image);
    }

    @Test
    void readsLayoutInDirectory() throws Exception {
        Image image = made.image(Digest.Algorithm.SHA512, "amd64", LAYER);
        made.list(image, REF_NAME, "quay.io/team/app:1.0").layout();

        ImageArchive archive = ImageArchive.open(made.directory(directory.resolve("layout")), MAX_MANIFEST_BYTES);

        assertEquals(List.of("quay.io/team/app:1.0"), names(archive, image));
        assertReads(archive, image);
    }

    @ParameterizedTest
    @CsvSource({
        "docker.io/library/alpine:3.20, docker.io/library/alpine:3.20",
        "alpine:3.20, docker.io/library/alpine:3.20",
        "team/app, docker.io/team/app:latest",
        "index.docker.io/alpine:3.20, docker.io/library/alpine:3.20",
        "localhost:5000/app, localhost:5000/app:latest",
        "corp/app:RELEASE.2024-Z, docker.io/corp/app:RELEASE.2024-Z",
        "quay.io/a/b/c/d:1, quay.io/a/b/c/d:1",
        "quay.io/app:1@sha256:6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d, quay.io/app:1",
        "quay.io/app@sha256:6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d, "
                + "quay.io/app@sha256:6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "latest, ",
        "alpine, ",
        "<none>:<none>, ",
        "quay.io/UPPER/app:1, ",
    })
    void parsesNamesAsDockerDoes(String written, String meant) {
        assertEquals(meant, ArchivedNames.parse(written).map(Object::toString).orElse(null));
    }

    @Test
    void reportsFullNamesAndTagAsLabel() throws Exception {
        Image named = made.image("amd64", LAYER);
        Image tagged = made.image("arm64", LAYER);
        made.list(named, FULL_NAME, "quay.io/app:1", REF_NAME, "1")
                .list(named, REF_NAME, "quay.io/app:1.0")
                .list(tagged, REF_NAME, "latest")
                .layout();

        ImageArchive archive = ImageArchive.open(made.tar(directory.resolve("a.tar")), MAX_MANIFEST_BYTES);

        assertEquals(List.of("quay.io/app:1", "quay.io/app:1.0"), names(archive, named));
        assertEquals(List.of(), names(archive, tagged));
        assertEquals(List.of("latest"), image(archive, tagged).labels());
    }

    @Test
    void unnamedIndexOfNamedImagesIsAList() throws Exception {
        Image first = made.image("amd64", LAYER);
        Image second = made.image("amd64", random(3, 10));
        made.list(first, FULL_NAME, "quay.io/one:1")
                .list(second, FULL_NAME, "quay.io/two:1")
                .listInOneIndex()
                .layout();

        ImageArchive archive = ImageArchive.open(made.tar(directory.resolve("a.tar")), MAX_MANIFEST_BYTES);

        assertEquals(2, archive.images().size());
        assertEquals(List.of("quay.io/one:1"), names(archive, first));
        assertEquals(List.of("quay.io/two:1"), names(archive, second));
    }

    /** oras lists all manifests in a layout, and only the copied image has a name. */
    @Test
    void childOfIndexIsAnImageOnlyWithAName() throws Exception {
        Image amd64 = made.image("amd64", LAYER);
        Image arm64 = made.image("arm64", LAYER);
        Image s390x = made.image("s390x", LAYER);
        Image index = made.index(amd64, arm64, s390x);
        made.list(amd64)
                .list(index, REF_NAME, "1.0")
                .list(arm64, REF_NAME, "arm64")
                .list(s390x)
                .layout();

        ImageArchive archive = ImageArchive.open(made.tar(directory.resolve("a.tar")), MAX_MANIFEST_BYTES);

        assertEquals(
                List.of(index.digest(), arm64.digest()),
                archive.images().stream().map(ArchivedImage::digest).toList());
        assertReads(archive, amd64);
    }

    @Test
    void buildsManifestForDockerSave() throws Exception {
        byte[] other = random(4, 1000);
        byte[] config = TestArchive.config("amd64", LAYER, other, LAYER);
        String name = Digest.of(config).hex() + ".json";
        made.file("one/layer.tar", LAYER)
                .file("two/layer.tar", other)
                .link("three/layer.tar", "../one/layer.tar")
                .file(name, config)
                .save(
                        name,
                        List.of("app:1", "registry.corp:5000/app:2"),
                        "one/layer.tar",
                        "two/layer.tar",
                        "three/layer.tar");

        ImageArchive archive = ImageArchive.open(made.tar(directory.resolve("a.tar")), MAX_MANIFEST_BYTES);

        ArchivedImage image = archive.images().get(0);
        Manifest manifest = archive.manifest(image.digest()).orElseThrow();
        assertTrue(archive.isRebuilt());
        assertEquals(
                List.of("docker.io/library/app:1", "registry.corp:5000/app:2"),
                image.names().stream().map(Object::toString).toList());
        assertEquals(
                List.of(Digest.of(config), Digest.of(LAYER), Digest.of(other), Digest.of(LAYER)),
                manifest.blobs().stream().map(Descriptor::digest).toList());
        assertEquals(
                Set.of(Digest.of(config), Digest.of(LAYER), Digest.of(other)),
                read(archive, manifest).keySet());
    }

    @Test
    void keepsCompressedLayersOfDockerSave() throws Exception {
        byte[] compressed = gzip(LAYER);
        byte[] config = TestArchive.config("amd64", LAYER);
        made.file("sha256:" + Digest.of(config).hex(), config)
                .file(Digest.of(compressed).hex() + ".tar.gz", compressed)
                .save(
                        "sha256:" + Digest.of(config).hex(),
                        List.of("app:1"),
                        Digest.of(compressed).hex() + ".tar.gz");

        ImageArchive archive =
                ImageArchive.open(made.tar(directory.resolve("a.tar"), Packing.ZSTD), MAX_MANIFEST_BYTES);

        Descriptor layer = archive.manifest(archive.images().get(0).digest())
                .orElseThrow()
                .blobs()
                .get(1);
        assertEquals(Digest.of(compressed), layer.digest());
        assertEquals(
                "application/vnd.oci.image.layer.v1.tar+gzip", layer.mediaType().value());
    }

    @Test
    void dockerLayoutKeepsManifestsAndTakesTags() throws Exception {
        Image image = made.image("amd64", LAYER);
        made.list(image)
                .layout()
                .save(
                        TestArchive.entry(image.config()),
                        List.of("app:1", "app:latest"),
                        TestArchive.entry(image.layers().get(0)));

        ImageArchive archive = ImageArchive.open(made.tar(directory.resolve("a.tar")), MAX_MANIFEST_BYTES);

        assertFalse(archive.isRebuilt());
        assertEquals(List.of("docker.io/library/app:1", "docker.io/library/app:latest"), names(archive, image));
    }

    @Test
    void absentManifestsAndBlobsAreSkipped() throws Exception {
        Image amd64 = made.image("amd64", LAYER);
        Image arm64 = made.image("arm64", random(5, 10));
        made.list(made.index(amd64, arm64), FULL_NAME, "quay.io/app:1").layout();
        made.remove(arm64.digest()).remove(arm64.layers().get(0));

        ImageArchive archive = ImageArchive.open(made.tar(directory.resolve("a.tar")), MAX_MANIFEST_BYTES);

        assertTrue(archive.manifest(arm64.digest()).isEmpty());
        assertTrue(archive.manifest(amd64.digest()).isPresent());
        assertEquals(Map.of(), read(archive, Set.of(arm64.layers().get(0))));
    }

    @Test
    void writtenLayoutIsReadAgainAndReproducible() throws Exception {
        Image image = made.image("amd64", LAYER);
        Image old = made.image(Digest.Algorithm.SHA512, "amd64", LAYER);
        made.list(image, FULL_NAME, "quay.io/app:1")
                .list(old, FULL_NAME, "quay.io/old:1")
                .layout();
        ImageArchive source = ImageArchive.open(made.tar(directory.resolve("a.tar")), MAX_MANIFEST_BYTES);

        Path first = write(source, "first.tar", image, old);
        ImageArchive written = ImageArchive.open(first, MAX_MANIFEST_BYTES);

        assertEquals(List.of("quay.io/app:1"), names(written, image));
        assertReads(written, image);
        assertArrayEquals(Files.readAllBytes(first), Files.readAllBytes(write(source, "second.tar", image, old)));
    }

    private Path write(ImageArchive source, String name, Image... images) throws IOException {
        Path file = directory.resolve(name);
        LayoutListing listing = new LayoutListing();
        for (Image image : images) {
            listing.add(
                    source.manifest(image.digest()).orElseThrow(),
                    image(source, image).names());
        }
        try (LayoutWriter writer = new LayoutWriter(Files.newOutputStream(file), listing)) {
            for (Image image : images) {
                Manifest manifest = source.manifest(image.digest()).orElseThrow();
                writer.addManifest(image.digest(), manifest);
                for (Descriptor blob : manifest.blobs()) {
                    source.read(
                            Set.of(blob.digest()),
                            (digest, content) ->
                                    writer.addBlob(digest, blob.size().orElseThrow(), content));
                }
            }
            writer.finish();
        }
        return file;
    }

    private void assertReads(ImageArchive archive, Image image) throws IOException {
        Manifest manifest = archive.manifest(image.digest()).orElseThrow();
        assertTrue(manifest.hasDigest(image.digest()));
        Map<Digest, byte[]> read = read(archive, manifest);
        Set<Digest> wanted = new HashSet<>(image.layers());
        wanted.add(image.config());
        assertEquals(wanted, read.keySet());
        read.forEach((digest, content) -> assertArrayEquals(made.content(digest), content));
        manifest.blobs().forEach(blob -> assertTrue(archive.has(blob)));
    }

    private static Map<Digest, byte[]> read(ImageArchive archive, Manifest manifest) throws IOException {
        return read(
                archive,
                new HashSet<>(manifest.blobs().stream().map(Descriptor::digest).toList()));
    }

    private static Map<Digest, byte[]> read(ImageArchive archive, Set<Digest> wanted) throws IOException {
        Map<Digest, byte[]> read = new HashMap<>();
        archive.read(wanted, (digest, content) -> read.put(digest, content.readAllBytes()));
        return read;
    }

    private static ArchivedImage image(ImageArchive archive, Image image) {
        return archive.images().stream()
                .filter(each -> each.digest().equals(image.digest()))
                .findFirst()
                .orElseThrow();
    }

    private static List<String> names(ImageArchive archive, Image image) {
        return image(archive, image).names().stream().map(Object::toString).toList();
    }
}
