package io.ociregistry.registry.archives;

import static io.ociregistry.testing.TestArchive.FULL_NAME;
import static io.ociregistry.testing.TestArchive.random;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.ociregistry.config.ServerConfig;
import io.ociregistry.config.ServerKeys;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.Platforms;
import io.ociregistry.registry.load.LoadOutcome;
import io.ociregistry.registry.load.LoadOutcome.Failed;
import io.ociregistry.registry.load.LoadOutcome.Loaded;
import io.ociregistry.registry.load.LoadedCache;
import io.ociregistry.registry.policy.ReferencePatterns;
import io.ociregistry.store.Store;
import io.ociregistry.store.factory.StoreFactory;
import io.ociregistry.testing.TestArchive;
import io.ociregistry.testing.TestArchive.Image;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.StreamSupport;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class CacheExportTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final byte[] SHARED = random(1, 100_000);
    private static final String NS = "quay.io";

    @TempDir
    Path directory;

    private final TestArchive made = new TestArchive();
    private Path cache;
    private Image amd64;
    private Image arm64;
    private Image index;
    private Image other;
    private Image signature;

    @BeforeEach
    void fillCache() throws Exception {
        cache = directory.resolve("cache");
        amd64 = made.image("amd64", SHARED, random(2, 1000));
        arm64 = made.image("arm64", SHARED, random(3, 1000));
        index = made.index(amd64, arm64);
        other = made.image("amd64", SHARED, random(4, 1000));
        signature = made.referrer(amd64, random(5, 100));
        Image byTag = made.image("", random(6, 100));
        made.list(index, FULL_NAME, "quay.io/app:1")
                .list(index, FULL_NAME, "quay.io/app:latest")
                .list(other, FULL_NAME, "docker.io/library/other:2")
                .list(signature)
                .list(byTag, FULL_NAME, "quay.io/app:sha256-" + index.digest().hex() + ".sig")
                .layout();
        try (LoadedCache loaded = LoadedCache.at(cache)) {
            Map<String, LoadOutcome> outcomes = loaded.load(made.tar(directory.resolve("made.tar")));
            outcomes.values().forEach(outcome -> assertInstanceOf(Loaded.class, outcome));
        }
    }

    @Test
    void exportIsServedAfterImportWithTagsAndSignatures() throws Exception {
        Path tar = export(request("app"));

        try (LoadedCache target = LoadedCache.at(directory.resolve("target"))) {
            target.load(tar);

            assertEquals(index.digest().toString(), target.digest("app", NS, "1"));
            assertEquals(index.digest().toString(), target.digest("app", NS, "latest"));
            assertEquals(List.of(), target.notServed("app", NS, amd64));
            assertEquals(List.of(), target.notServed("app", NS, arm64));
            assertEquals(List.of(), target.notServed("app", NS, signature));
            assertEquals(
                    200,
                    target.manifest("app", NS, "sha256-" + index.digest().hex() + ".sig")
                            .status());
            assertEquals("404", target.digest("other", "docker.io", "2"));
        }
    }

    @Test
    void signaturesAreExportedWithRequestedImage() throws Exception {
        JsonNode listed = JSON.readTree(entries(export(request("app:1$"))).get("index.json"));

        assertEquals(
                List.of("quay.io/app:1", "quay.io/app:sha256-" + index.digest().hex() + ".sig", ""), names(listed));
        JsonNode first = listed.path("manifests").get(0).path("annotations");
        assertEquals("quay.io/app:1", first.path(FULL_NAME).asText());
        assertEquals("quay.io/app:1", first.path(TestArchive.REF_NAME).asText());
    }

    @Test
    void twoExportsOfOneCacheAreIdentical() throws Exception {
        byte[] first = write(request("."));
        byte[] second = write(request("."));

        assertArrayEquals(first, second);
    }

    @Test
    void onlyIncompleteImageIsLeftOutAndReported() throws Exception {
        Files.delete(cache.resolve("blobs/" + other.layers().get(1).hex()));

        ExportPlan plan = plan(request("."));

        assertEquals(1, plan.problems().size());
        assertTrue(
                plan.problems().get(0).contains(other.layers().get(1).toString()),
                plan.problems().toString());
        assertEquals(3, plan.nameCount());
    }

    @Test
    void partialIndexIsExportedUnlessCompleteOnly() throws Exception {
        Files.delete(cache.resolve("img/" + arm64.digest().hex()));
        ExportRequest all = request("app:1$");

        Map<String, byte[]> entries = entries(export(all));
        ExportPlan completeOnly =
                plan(new ExportRequest(all.patterns(), all.platforms(), all.since(), all.have(), true));

        assertArrayEquals(made.content(index.digest()), entries.get(TestArchive.entry(index.digest())));
        assertTrue(entries.containsKey(TestArchive.entry(amd64.digest())));
        assertFalse(entries.containsKey(TestArchive.entry(arm64.digest())));
        assertEquals(0, completeOnly.nameCount());
        assertTrue(completeOnly.problems().get(0).contains("only 1 of its 2"));
    }

    @Test
    void onlySelectedPlatformsAreExported() throws Exception {
        ExportRequest all = request("app:1$");

        Map<String, byte[]> entries = entries(export(
                new ExportRequest(all.patterns(), Platforms.parse("linux/arm64"), all.since(), all.have(), false)));

        assertTrue(entries.containsKey(TestArchive.entry(arm64.digest())));
        assertFalse(entries.containsKey(TestArchive.entry(amd64.digest())));
    }

    @Test
    void otherPlatformIsNotExportedByItsDigest() throws Exception {
        ExportRequest all = request(".");

        Map<String, byte[]> entries = entries(export(
                new ExportRequest(all.patterns(), Platforms.parse("linux/arm64"), all.since(), all.have(), false)));

        assertTrue(entries.containsKey(TestArchive.entry(arm64.digest())));
        assertFalse(entries.containsKey(TestArchive.entry(amd64.digest())));
        assertFalse(entries.containsKey(TestArchive.entry(signature.digest())));
        JsonNode forDocker = JSON.readTree(entries.get("manifest.json"));
        assertTrue(forDocker.toString().contains("quay.io/app:1"), forDocker.toString());
    }

    @Test
    void imageForOtherPlatformInNoIndexIsLeftOutAndReported() throws Exception {
        ExportPlan riscv64 = plan(forPlatform("other:2|app.*sig", "linux/riscv64"));
        assertEquals(
                List.of("docker.io/library/other:2: it is an image for linux/amd64, not for linux/riscv64"),
                riscv64.problems());
        assertEquals(1, riscv64.nameCount(), "a signature has no platform");

        ExportPlan amd64V3 = plan(forPlatform("other:2", "linux/arm64,linux/amd64/v3"));
        assertEquals(List.of(), amd64V3.problems());
        assertEquals(1, amd64V3.nameCount());
    }

    private static ExportRequest forPlatform(String pattern, String platforms) {
        return new ExportRequest(
                ReferencePatterns.parse(pattern), Platforms.parse(platforms), Optional.empty(), Set.of(), false);
    }

    @Test
    void corruptBlobFailsExportWithItsDigest() throws Exception {
        Digest layer = amd64.layers().get(1);
        Path file = cache.resolve("blobs/" + layer.hex());
        Files.write(file, random(9, (int) Files.size(file)));

        IOException e = assertThrows(IOException.class, () -> write(request(".")));

        assertTrue(e.getMessage().contains(layer.toString()), e.getMessage());
    }

    @Test
    void deltaOmitsContentOfTargetAndNeedsIt() throws Exception {
        Path base = export(request("other"));
        Set<Digest> have = new HashSet<>(other.layers());
        have.addAll(List.of(other.digest(), other.config()));
        Path delta = export(new ExportRequest(ReferencePatterns.ALL, Platforms.ALL, Optional.empty(), have, false));

        Set<String> entries = entries(delta).keySet();
        assertFalse(entries.contains(TestArchive.entry(Digest.of(SHARED))));
        assertFalse(entries.contains(TestArchive.entry(other.digest())));
        assertTrue(entries.contains(TestArchive.entry(amd64.layers().get(1))));
        try (LoadedCache target = LoadedCache.at(directory.resolve("target"))) {
            target.load(base);
            target.load(delta).values().forEach(outcome -> assertFalse(outcome instanceof Failed, outcome::toString));
            assertEquals(List.of(), target.notServed("app", NS, amd64));
            assertEquals(other.digest().toString(), target.digest("other", "docker.io", "2"));
        }
        try (LoadedCache empty = LoadedCache.at(directory.resolve("empty"))) {
            Map<String, LoadOutcome> outcomes = empty.load(delta);

            String reason = assertInstanceOf(Failed.class, outcomes.get("quay.io/app:1"))
                    .reason();
            assertTrue(reason.contains(Digest.of(SHARED).toString()), reason);
            reason = assertInstanceOf(Failed.class, outcomes.get("docker.io/library/other:2"))
                    .reason();
            assertTrue(reason.contains(other.digest().toString()), reason);
            assertEquals("404", empty.digest("app", NS, "1"));
        }
    }

    @Test
    void deltaAddsMissingImageOfIndex() throws Exception {
        ExportRequest all = request("app:1$");
        Path base = export(
                new ExportRequest(all.patterns(), Platforms.parse("linux/arm64"), all.since(), all.have(), false));
        Set<Digest> have = new HashSet<>(arm64.layers());
        have.addAll(List.of(index.digest(), arm64.digest(), arm64.config()));

        Path delta = export(new ExportRequest(all.patterns(), all.platforms(), all.since(), have, false));

        assertFalse(entries(delta).containsKey(TestArchive.entry(arm64.digest())));
        try (LoadedCache target = LoadedCache.at(directory.resolve("target"))) {
            target.load(base);
            assertEquals(
                    404, target.manifest("app", NS, amd64.digest().toString()).status());
            assertInstanceOf(Loaded.class, target.load(delta).get("quay.io/app:1"));
            assertEquals(List.of(), target.notServed("app", NS, amd64));
            assertEquals(List.of(), target.notServed("app", NS, arm64));
        }
    }

    @Test
    void deltaFailsIfTargetLacksOmittedImage() throws Exception {
        Path delta = export(new ExportRequest(
                ReferencePatterns.parse("app:1$"), Platforms.ALL, Optional.empty(), Set.of(arm64.digest()), false));

        try (LoadedCache empty = LoadedCache.at(directory.resolve("empty"))) {
            String reason = assertInstanceOf(Failed.class, empty.load(delta).get("quay.io/app:1"))
                    .reason();
            assertTrue(reason.contains("manifest " + arm64.digest()), reason);
        }
    }

    @Test
    void sinceSelectsRecentNames() throws Exception {
        ExportRequest all = request(".");

        assertEquals(4, plan(since(all, Instant.now().minusSeconds(3600))).nameCount());
        assertEquals(0, plan(since(all, Instant.now().plusSeconds(3600))).nameCount());
    }

    private static ExportRequest since(ExportRequest all, Instant time) {
        return new ExportRequest(all.patterns(), all.platforms(), Optional.of(time), all.have(), false);
    }

    @Test
    void untaggedManifestIsListedUnlessIndexListsIt() throws Exception {
        String name = "quay.io/app@" + arm64.digest();

        JsonNode alone =
                JSON.readTree(entries(export(request(arm64.digest().hex()))).get("index.json"));
        JsonNode withIndex = JSON.readTree(entries(export(request("app"))).get("index.json"));

        assertEquals(List.of(name), names(alone));
        assertFalse(names(withIndex).contains(name));
    }

    @Test
    void imageOfOnePlatformIsListedForDocker() throws Exception {
        JsonNode saved = JSON.readTree(entries(export(request("."))).get("manifest.json"));

        assertEquals("docker.io/library/other:2", saved.get(0).at("/RepoTags/0").asText());
        assertEquals(
                TestArchive.entry(other.config()), saved.get(0).path("Config").asText());
        assertEquals(2, saved.get(0).path("Layers").size());
    }

    @Test
    void registryOfOneWordKeepsItsNameInArchive() throws Exception {
        try (LoadedCache loaded = LoadedCache.at(cache)) {
            Image image = made.image("amd64", SHARED, random(7, 10));
            TestArchive harbor = new TestArchive();
            harbor.list(harbor.image("amd64", SHARED, random(7, 10)), FULL_NAME, "harbor:443/app:1")
                    .layout();
            loaded.load(harbor.tar(directory.resolve("harbor.tar")));
            assertEquals(image.digest().toString(), loaded.digest("app", "harbor", "1"));
        }

        Path tar = export(request("^harbor/"));

        assertEquals(
                List.of("harbor:443/app:1"), names(JSON.readTree(entries(tar).get("index.json"))));
        JsonNode saved = JSON.readTree(entries(tar).get("manifest.json"));
        assertEquals("harbor:443/app:1", saved.get(0).at("/RepoTags/0").asText());
        try (LoadedCache target = LoadedCache.at(directory.resolve("target"))) {
            target.load(tar);
            assertEquals(200, target.manifest("app", "harbor", "1").status());
            assertEquals("404", target.digest("harbor/app", "docker.io", "1"));
        }
    }

    private static List<String> names(JsonNode index) {
        return StreamSupport.stream(index.path("manifests").spliterator(), false)
                .map(each -> each.path("annotations").path(FULL_NAME).asText())
                .toList();
    }

    private static ExportRequest request(String pattern) {
        return new ExportRequest(ReferencePatterns.parse(pattern), Platforms.ALL, Optional.empty(), Set.of(), false);
    }

    private ExportPlan plan(ExportRequest request) throws IOException {
        try (Store store = StoreFactory.openReadOnly(ServerConfig.defaults().with(ServerKeys.IMAGE_PATH, cache))) {
            return CacheExport.of(store).plan(request);
        }
    }

    private byte[] write(ExportRequest request) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        plan(request).writeTo(out);
        return out.toByteArray();
    }

    private Path export(ExportRequest request) throws IOException {
        byte[] tar = write(request);
        return Files.write(directory.resolve(Digest.of(tar).hex().substring(0, 8) + ".tar"), tar);
    }

    private static Map<String, byte[]> entries(Path tar) throws IOException {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        try (var in = new TarArchiveInputStream(new ByteArrayInputStream(Files.readAllBytes(tar)))) {
            for (var entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
                entries.put(entry.getName(), in.readAllBytes());
            }
        }
        return entries;
    }
}
