package io.ociregistry.registry.archives;

import static io.ociregistry.testing.TestArchive.FULL_NAME;
import static io.ociregistry.testing.TestArchive.REF_NAME;
import static io.ociregistry.testing.TestArchive.random;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.Platforms;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.oci.Repository;
import io.ociregistry.registry.load.LoadOutcome;
import io.ociregistry.registry.load.LoadOutcome.AlreadyCached;
import io.ociregistry.registry.load.LoadOutcome.Failed;
import io.ociregistry.registry.load.LoadOutcome.Loaded;
import io.ociregistry.registry.load.LoadedCache;
import io.ociregistry.registry.prune.PruneReport;
import io.ociregistry.store.BlobDownload;
import io.ociregistry.store.disk.Layout;
import io.ociregistry.testing.Blobs;
import io.ociregistry.testing.TestArchive;
import io.ociregistry.testing.TestArchive.Image;
import io.ociregistry.testing.TestArchive.Packing;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class ArchiveImporterTest {
    private static final byte[] SHARED = random(1, 300_000);
    private static final String NS = "quay.io";

    @TempDir
    Path directory;

    private final TestArchive made = new TestArchive();

    @Test
    void importedImageIsServedUnderEveryNameOffline() throws Exception {
        Image amd64 = made.image("amd64", SHARED, random(2, 10));
        Image arm64 = made.image("arm64", SHARED);
        Image index = made.index(amd64, arm64);
        made.list(index, FULL_NAME, "quay.io/team/app:1.0")
                .list(index, FULL_NAME, "docker.io/library/app:latest")
                .layout();

        try (LoadedCache cache = LoadedCache.at(directory.resolve("cache"))) {
            Map<String, LoadOutcome> outcomes = cache.load(made.tar(directory.resolve("a.tar"), Packing.GZIP));
            cache.restart();

            assertInstanceOf(Loaded.class, outcomes.get("quay.io/team/app:1.0"));
            assertArrayEquals(
                    made.content(index.digest()),
                    cache.manifest("team/app", NS, "1.0").body());
            assertEquals(index.digest().toString(), cache.digest("app", "docker.io", "latest"));
            assertEquals(List.of(), cache.notServed("team/app", NS, amd64));
            assertEquals(List.of(), cache.notServed("team/app", NS, arm64));
            assertEquals(List.of(), cache.notServed("app", "docker.io", arm64));
        }
    }

    @Test
    void sharedBlobIsServedForEachRegistryOffline() throws Exception {
        Image one = made.image("amd64", SHARED, random(10, 10));
        Image two = made.image("amd64", SHARED, random(11, 10));
        made.list(one, FULL_NAME, "quay.io/one:1")
                .list(two, FULL_NAME, "docker.io/library/two:1")
                .layout();
        String unreachable = """
            registries:
            - {name: quay.io, endpoint: 'http://127.0.0.1:1'}
            - {name: docker.io, endpoint: 'http://127.0.0.1:1'}
            """;

        try (LoadedCache cache = LoadedCache.at(directory.resolve("cache"), unreachable)) {
            cache.load(made.tar(directory.resolve("a.tar")));
            assertEquals(List.of(), cache.notServed("one", NS, one));
            cache.restart();

            assertEquals(List.of(), cache.notServed("one", NS, one));
            assertEquals(List.of(), cache.notServed("two", "docker.io", two));
        }
    }

    @Test
    void pruneDuringImportKeepsSharedBlobs() throws Exception {
        TestArchive earlier = new TestArchive();
        earlier.list(earlier.image("amd64", SHARED), FULL_NAME, "quay.io/old:1").layout();
        Image shared = made.image("amd64", SHARED);
        Image own = made.image("arm64", random(5, 5000));
        made.list(made.index(shared, own), FULL_NAME, "quay.io/new:1").layout();
        Path blobs = directory.resolve("cache/blobs");

        try (LoadedCache cache = LoadedCache.at(directory.resolve("cache"))) {
            cache.load(earlier.tar(directory.resolve("old.tar")));
            List<PruneReport> pruned = new ArrayList<>();
            Map<String, LoadOutcome> outcomes =
                    cache.load(made.tar(directory.resolve("new.tar")), () -> pruned.add(cache.prune("old:1")));

            assertEquals(1, pruned.get(0).names().size());
            assertInstanceOf(Loaded.class, outcomes.get("quay.io/new:1"));
            assertEquals(4, fileStates(blobs).size());

            cache.prune("new:1");
            assertEquals(Map.of(), fileStates(blobs), "no blob is pinned any more");
        }
    }

    @Test
    void secondImportOfArchiveChangesNothing() throws Exception {
        made.list(made.index(made.image("amd64", SHARED)), FULL_NAME, "quay.io/app:1")
                .layout();
        Path tar = made.tar(directory.resolve("a.tar"));

        try (LoadedCache cache = LoadedCache.at(directory.resolve("cache"))) {
            cache.load(tar);
            Map<String, Object> before = fileStates(directory.resolve("cache/img"));
            Map<String, LoadOutcome> outcomes = cache.load(tar);

            assertInstanceOf(AlreadyCached.class, outcomes.get("quay.io/app:1"));
            assertEquals(before, fileStates(directory.resolve("cache/img")));
        }
    }

    @Test
    void blobWithWrongDigestFailsOnlyItsImage() throws Exception {
        Image bad = made.image("amd64", SHARED, random(3, 5000));
        Image good = made.image("arm64", SHARED);
        made.list(bad, FULL_NAME, "quay.io/bad:1")
                .list(good, FULL_NAME, "quay.io/good:1")
                .layout();
        Digest layer = bad.layers().get(1);
        made.file(TestArchive.entry(layer), random(4, 5000));

        try (LoadedCache cache = LoadedCache.at(directory.resolve("cache"))) {
            Map<String, LoadOutcome> outcomes = cache.load(made.tar(directory.resolve("a.tar")));

            Failed failed = assertInstanceOf(Failed.class, outcomes.get("quay.io/bad:1"));
            assertTrue(failed.reason().contains(layer.toString()), failed.reason());
            assertInstanceOf(Loaded.class, outcomes.get("quay.io/good:1"));
            assertEquals("404", cache.digest("bad", NS, "1"));
            assertFalse(Files.exists(directory.resolve("cache/blobs/" + layer.hex())));
            assertEquals(List.of(), cache.notServed("good", NS, good));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void partialFileIsResumedOrDiscardedIfWrong(boolean isCorrect) throws Exception {
        Image image = made.image("amd64", SHARED);
        made.list(image, FULL_NAME, "quay.io/app:1").layout();
        Layout layout = new Layout(directory.resolve("cache"));
        Files.createDirectories(layout.root());
        layout.create();
        BlobDownload interrupted =
                Blobs.in(layout).startDownload(Digest.of(SHARED), new Repository(RegistryName.parse(NS), "app"));
        interrupted.append(ByteBuffer.wrap(isCorrect ? SHARED : random(12, 100_000), 0, 100_000));
        interrupted.checkpoint();
        interrupted.release();

        try (LoadedCache cache = LoadedCache.at(layout.root())) {
            Map<String, LoadOutcome> outcomes = cache.load(made.tar(directory.resolve("a.tar")));

            Loaded loaded = assertInstanceOf(Loaded.class, outcomes.get("quay.io/app:1"));
            long config = made.content(image.config()).length;
            assertEquals(SHARED.length + config - (isCorrect ? 100_000 : 0), loaded.bytes());
            assertEquals(List.of(), cache.notServed("app", NS, image));
        }
    }

    private static byte[] halfGzip(byte[] tar) {
        byte[] packed = TestArchive.gzip(tar);
        return Arrays.copyOf(packed, packed.length / 2);
    }

    @Test
    void imageWithoutNameNeedsResolveRef() throws Exception {
        Image image = made.image("amd64", SHARED);
        made.list(image, REF_NAME, "latest").layout();
        Path tar = made.tar(directory.resolve("a.tar"));

        try (LoadedCache cache = LoadedCache.at(directory.resolve("cache"))) {
            LoadOutcome nameless = cache.load(tar).values().iterator().next();
            Map<String, LoadOutcome> named = cache.load(tar, Platforms.ALL, Optional.of("quay.io/app:1"));

            String reason = assertInstanceOf(Failed.class, nameless).reason();
            assertTrue(reason.contains("only \"latest\"") && reason.contains("--resolve-ref"), reason);
            assertInstanceOf(Loaded.class, named.get("quay.io/app:1"));
            assertEquals(image.digest().toString(), cache.digest("app", NS, "1"));
        }
    }

    @Test
    void fullNameIsRefusedForTwoImages() throws Exception {
        made.list(made.image("amd64", SHARED)).list(made.image("arm64", SHARED)).layout();

        try (LoadedCache cache = LoadedCache.at(directory.resolve("cache"))) {
            var outcomes =
                    cache.load(made.tar(directory.resolve("a.tar")), Platforms.ALL, Optional.of("quay.io/app:1"));

            assertEquals(2, outcomes.size());
            outcomes.values().forEach(outcome -> {
                String reason = assertInstanceOf(Failed.class, outcome).reason();
                assertTrue(reason.contains("2 images"), reason);
            });
        }
    }

    /** A layout as umoci, oras and skopeo write it. */
    @Test
    void repositoryCompletesTagsAndFullNamesStay() throws Exception {
        Image one = made.image("amd64", SHARED);
        Image two = made.image("arm64", SHARED);
        Image nameless = made.image("s390x", SHARED);
        made.list(one, REF_NAME, "1.0")
                .list(one, REF_NAME, "latest")
                .list(two, REF_NAME, "2.0")
                .list(two, FULL_NAME, "docker.io/library/app:2")
                .list(nameless)
                .layout();
        Path tar = made.tar(directory.resolve("a.tar"));

        try (LoadedCache cache = LoadedCache.at(directory.resolve("cache"))) {
            String advice = assertInstanceOf(Failed.class, cache.load(tar).get(tar + " " + one.digest()))
                    .reason();
            var outcomes = cache.load(tar, Platforms.ALL, Optional.of("quay.io/team/app"));

            assertTrue(advice.endsWith("--resolve-ref registry/repository"), advice);
            assertEquals(one.digest().toString(), cache.digest("team/app", NS, "1.0"));
            assertEquals(one.digest().toString(), cache.digest("team/app", NS, "latest"));
            assertEquals(two.digest().toString(), cache.digest("team/app", NS, "2.0"));
            assertEquals(two.digest().toString(), cache.digest("app", "docker.io", "2"));
            assertInstanceOf(Failed.class, outcomes.get(tar + " " + nameless.digest()));
        }
    }

    /** A layout as oras writes it: every manifest is listed, and the requested image only by its tag. */
    @Test
    void nameOfIndexCoversListedChildrenAndReferrers() throws Exception {
        Image amd64 = made.image("amd64", SHARED);
        Image arm64 = made.image("arm64", random(6, 1000));
        Image index = made.index(amd64, arm64);
        Image signature = made.referrer(index, random(7, 100));
        made.list(signature)
                .list(amd64)
                .list(index, REF_NAME, "1.0")
                .list(arm64)
                .layout();

        try (LoadedCache cache = LoadedCache.at(directory.resolve("cache"))) {
            var outcomes = cache.load(
                    made.tar(directory.resolve("a.tar")), Platforms.parse("linux/arm64"), Optional.of("quay.io/app:1"));

            assertEquals(Set.of("quay.io/app:1", "quay.io/app@" + signature.digest()), outcomes.keySet());
            outcomes.values().forEach(outcome -> assertInstanceOf(Loaded.class, outcome));
            assertEquals(index.digest().toString(), cache.digest("app", NS, "1"));
            assertEquals(List.of(), cache.notServed("app", NS, arm64));
            assertEquals(List.of(), cache.notServed("app", NS, signature));
            assertEquals(
                    404, cache.manifest("app", NS, amd64.digest().toString()).status());
        }
    }

    @Test
    void onlySelectedPlatformsOfIndexAreImported() throws Exception {
        Image amd64 = made.image("amd64", random(5, 1000));
        Image arm64 = made.image("arm64", random(6, 1000));
        Image index = made.index(amd64, arm64);
        made.list(index, FULL_NAME, "quay.io/app:1").layout();

        try (LoadedCache cache = LoadedCache.at(directory.resolve("cache"))) {
            cache.load(made.tar(directory.resolve("a.tar")), Platforms.parse("linux/arm64"), Optional.empty());

            assertEquals(index.digest().toString(), cache.digest("app", NS, "1"));
            assertEquals(List.of(), cache.notServed("app", NS, arm64));
            assertEquals(
                    404, cache.manifest("app", NS, amd64.digest().toString()).status());
            assertFalse(Files.exists(
                    directory.resolve("cache/blobs/" + amd64.layers().get(0).hex())));
            LoadOutcome none = cache.load(
                            made.tar(directory.resolve("a.tar")), Platforms.parse("linux/s390x"), Optional.empty())
                    .get("quay.io/app:1");
            assertTrue(assertInstanceOf(Failed.class, none).reason().contains("linux/s390x"));
        }
    }

    @Test
    void sparseIndexIsImportedWithItsPresentImages() throws Exception {
        Image amd64 = made.image("amd64", random(5, 1000));
        Image arm64 = made.image("arm64", random(6, 1000));
        Image index = made.index(amd64, arm64);
        made.list(index, FULL_NAME, "quay.io/app:1").layout();
        made.remove(arm64.digest()).remove(arm64.layers().get(0)).remove(arm64.config());

        try (LoadedCache cache = LoadedCache.at(directory.resolve("cache"))) {
            assertInstanceOf(
                    Loaded.class,
                    cache.load(made.tar(directory.resolve("a.tar"))).get("quay.io/app:1"));
            assertEquals(index.digest().toString(), cache.digest("app", NS, "1"));
            assertEquals(List.of(), cache.notServed("app", NS, amd64));
        }
    }

    @Test
    void dockerSaveArchiveGetsGeneratedManifest() throws Exception {
        byte[] config = TestArchive.config("amd64", SHARED);
        made.file("config.json", config)
                .file("layer.tar", SHARED)
                .save("config.json", List.of("app:1", "quay.io/app:one"), "layer.tar");

        try (LoadedCache cache = LoadedCache.at(directory.resolve("cache"))) {
            cache.load(made.tar(directory.resolve("a.tar"), Packing.ZSTD));

            assertEquals(cache.digest("app", "docker.io", "1"), cache.digest("app", NS, "one"));
            assertEquals(200, cache.blob("app", NS, Digest.of(SHARED)));
            assertEquals(200, cache.blob("app", "docker.io", Digest.of(config)));
        }
    }

    @Test
    void referrersAreImportedWithImage() throws Exception {
        Image image = made.image("amd64", SHARED);
        Image signature = made.referrer(image, random(7, 100));
        Image countersignature = made.referrer(signature, random(8, 100));
        made.list(countersignature)
                .list(signature)
                .list(image, FULL_NAME, "quay.io/app:1")
                .layout();

        try (LoadedCache cache = LoadedCache.at(directory.resolve("cache"))) {
            Map<String, LoadOutcome> outcomes = cache.load(made.tar(directory.resolve("a.tar")));

            assertEquals(3, outcomes.size());
            outcomes.values().forEach(outcome -> assertInstanceOf(Loaded.class, outcome));
            assertEquals(List.of(), cache.notServed("app", NS, signature));
            assertEquals(List.of(), cache.notServed("app", NS, countersignature));
        }
    }

    @Test
    void nameWithAnotherDigestIsRefused() throws Exception {
        Image image = made.image("amd64", SHARED);
        Image other = made.image("arm64", SHARED);
        String name = "quay.io/app@" + other.digest();
        made.list(image, FULL_NAME, name).layout();

        try (LoadedCache cache = LoadedCache.at(directory.resolve("cache"))) {
            LoadOutcome outcome =
                    cache.load(made.tar(directory.resolve("a.tar"))).get(name);

            assertTrue(assertInstanceOf(Failed.class, outcome)
                    .reason()
                    .contains(image.digest().toString()));
            assertEquals(
                    404, cache.manifest("app", NS, other.digest().toString()).status());
        }
    }

    @Test
    void truncatedArchiveIsOneFailureAndLeavesNoBlobs() throws Exception {
        Path tar = Files.write(directory.resolve("a.tar.gz"), halfGzip(random(9, 100_000)));

        try (LoadedCache cache = LoadedCache.at(directory.resolve("cache"))) {
            Map<String, LoadOutcome> outcomes = cache.load(tar);

            assertEquals(Set.of(tar.toString()), outcomes.keySet());
            try (var blobs = Files.list(directory.resolve("cache/blobs"))) {
                assertEquals(0, blobs.count());
            }
        }
    }

    @Test
    void controlCharactersOfArchiveNamesAreReplaced() throws Exception {
        made.list(made.image("amd64", random(20, 10)), FULL_NAME, "app:1\n\u001b[31mred")
                .layout();

        try (LoadedCache cache = LoadedCache.at(directory.resolve("cache"))) {
            LoadOutcome outcome = cache.load(made.tar(directory.resolve("a.tar")))
                    .values()
                    .iterator()
                    .next();
            String reason = assertInstanceOf(Failed.class, outcome).reason();
            assertTrue(reason.contains("only \"app:1??[31mred\"; give it one with --resolve-ref"), reason);
        }
    }

    @Test
    void unsupportedDigestFailsOnlyItsImage() throws Exception {
        Image image = made.image("amd64", random(21, 10));
        made.listUnknown("blake3:00").list(image, FULL_NAME, "quay.io/app:1").layout();

        try (LoadedCache cache = LoadedCache.at(directory.resolve("cache"))) {
            Path tar = made.tar(directory.resolve("a.tar"));
            Map<String, LoadOutcome> outcomes = cache.load(tar);

            assertInstanceOf(Failed.class, outcomes.get(tar + " \"blake3:00\""));
            assertInstanceOf(Loaded.class, outcomes.get("quay.io/app:1"));
        }
    }

    @Test
    void fullDiskIsReportedAsFailure() throws Exception {
        Image image = made.image("amd64", random(22, 300_000));
        made.list(image, FULL_NAME, "quay.io/app:1").layout();
        Path images = directory.resolve("cache");

        try (LoadedCache cache = LoadedCache.at(images)) {
            Files.createSymbolicLink(
                    images.resolve("partial/" + image.layers().get(0).hex() + "@quay.io"), Path.of("/dev/full"));
            LoadOutcome outcome =
                    cache.load(made.tar(directory.resolve("a.tar"))).get("quay.io/app:1");

            String reason = assertInstanceOf(Failed.class, outcome).reason();
            assertTrue(
                    reason.contains("the disk of the cache can't store blob "
                            + image.layers().get(0)),
                    reason);
        }
    }

    private static Map<String, Object> fileStates(Path files) throws Exception {
        Map<String, Object> fileStates = new TreeMap<>();
        try (var list = Files.list(files)) {
            for (Path file : list.toList()) {
                fileStates.put(file.toString(), Files.readAttributes(file, "unix:ino,lastModifiedTime"));
            }
        }
        return fileStates;
    }
}
