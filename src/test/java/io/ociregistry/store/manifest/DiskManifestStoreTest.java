package io.ociregistry.store.manifest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.MediaType;
import io.ociregistry.store.ManifestRecord;
import io.ociregistry.store.disk.DurableFiles;
import io.ociregistry.store.disk.Layout;
import io.ociregistry.store.disk.Quarantine;
import io.ociregistry.testing.LogLines;
import io.ociregistry.testing.Records;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class DiskManifestStoreTest {
    private static final Instant NOW = Instant.parse("2025-06-01T12:00:00Z");
    private static final ImageReference NAME = ImageReference.parse("quay.io/team/app:v1");

    @TempDir
    Path root;

    private Layout layout;
    private DiskManifestStore store;

    @BeforeEach
    void open() throws IOException {
        layout = new Layout(root);
        layout.create();
        store = Records.in(layout);
    }

    @Test
    void twoNamesOfOneDigestSurviveRestart() throws IOException {
        Manifest manifest = index(1);
        store.confirm(manifest, NAME, NOW);
        store.confirm(manifest, ImageReference.parse("ghcr.io/other:V2"), NOW.plusSeconds(1));

        List<ManifestRecord> records = afterRestart();
        assertEquals(1, records.size());
        assertEquals(Set.of("quay.io/team/app:v1", "ghcr.io/other:V2"), names(records.get(0)));
        assertEquals(
                manifest.bytes(),
                Records.in(layout).find(manifest.digest()).orElseThrow().bytes());
    }

    @Test
    void concurrentConfirmsLoseNoName() throws Exception {
        Manifest manifest = index(1);
        Set<String> expected = new HashSet<>();
        ExecutorService threads = Executors.newFixedThreadPool(16);
        CountDownLatch go = new CountDownLatch(1);
        List<Future<ManifestRecord>> done = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            ImageReference name = ImageReference.parse("quay.io/team/app" + i % 10 + ":v" + i);
            expected.add(name.toString());
            done.add(threads.submit(() -> {
                go.await();
                return store.confirm(manifest, name, NOW);
            }));
        }
        go.countDown();
        for (Future<ManifestRecord> each : done) {
            each.get(30, TimeUnit.SECONDS);
        }
        threads.shutdown();
        assertEquals(expected, names(afterRestart().get(0)));
        assertEquals(List.of(), files(layout.partials()));
    }

    @Test
    void removedNameLeavesOtherNamesAndTheDigest() throws IOException {
        Manifest manifest = index(1);
        ImageReference second = ImageReference.parse("quay.io/team/app:v2");
        ImageReference elsewhere = ImageReference.parse("ghcr.io/other:v1");
        for (ImageReference name : List.of(NAME, second, elsewhere)) {
            store.confirm(manifest, name, NOW);
        }
        store.removeName(manifest.digest(), NAME, () -> {});
        assertEquals(
                Set.of(second.toString(), elsewhere.toString()),
                names(afterRestart().get(0)));
        store.removeName(manifest.digest(), second, () -> {});
        store.removeName(manifest.digest(), NAME, () -> {});
        ManifestRecord record = afterRestart().get(0);
        assertEquals(Set.of("quay.io/team/app@" + manifest.digest(), elsewhere.toString()), names(record));
        assertEquals(
                manifest.digest(), store.find(manifest.digest()).orElseThrow().digest());
        assertTrue(record.references().stream()
                .allMatch(reference -> reference.created().equals(NOW)));
        store.removeName(index(2).digest(), NAME, () -> {});
        assertEquals(1, afterRestart().size(), "the manifest has no record");
    }

    @Test
    void everyKindHasItsOwnDirectory() throws IOException {
        for (MediaType type : List.of(
                MediaType.OCI_INDEX,
                MediaType.DOCKER_LIST,
                MediaType.OCI_MANIFEST,
                MediaType.DOCKER_MANIFEST,
                MediaType.OCI_ARTIFACT)) {
            store.confirm(manifest("{\"mediaType\":\"" + type + "\"}"), NAME, NOW);
        }
        assertEquals(2, files(root.resolve("fat")).size());
        assertEquals(2, files(root.resolve("img")).size());
        assertEquals(1, files(root.resolve("other")).size());
        assertEquals(5, afterRestart().size());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{", "garbage", "{}", "null", "\u0000\u0000\u0000\u0000"})
    void corruptRecordIsQuarantinedAndOthersLoad(String content) throws IOException {
        store.confirm(index(1), NAME, NOW);
        store.confirm(index(2), NAME, NOW);
        Path bad = put("0".repeat(64), content);

        assertEquals(2, afterRestart().size());
        assertQuarantined(bad);
    }

    @Test
    void truncatedRecordIsQuarantinedAndAbsent() throws IOException {
        Manifest manifest = index(1);
        store.confirm(manifest, NAME, NOW);
        Path file = file(manifest);
        byte[] whole = Files.readAllBytes(file);
        Files.write(file, java.util.Arrays.copyOf(whole, whole.length / 2));
        age(file);

        assertEquals(Optional.empty(), Records.in(layout).find(manifest.digest()));
        assertQuarantined(file);
        Records.in(layout).confirm(manifest, NAME, NOW);
        assertTrue(Records.in(layout).find(manifest.digest()).isPresent(), "it can be fetched again");
    }

    @Test
    void recordUnderWrongNameIsQuarantined() throws IOException {
        Manifest manifest = index(1);
        store.confirm(manifest, NAME, NOW);
        Path foreign = put("f".repeat(64), Files.readString(file(manifest)));

        assertEquals(Optional.empty(), Records.in(layout).find(Digest.parse("sha256:" + "f".repeat(64))));
        assertQuarantined(foreign);
        assertEquals(1, afterRestart().size());
    }

    @Test
    void recentlyModifiedCorruptRecordStays() throws IOException {
        Path recent = root.resolve("fat").resolve("0".repeat(64));
        Files.writeString(recent, "{\"type\":2,");
        assertEquals(List.of(), afterRestart());
        assertTrue(Files.exists(recent));
        assertEquals(List.of(), files(layout.corrupt()));
    }

    @Test
    void temporaryAndHiddenFilesAreIgnored() throws IOException {
        put("." + "0".repeat(64) + ".Xa82jd", "half");
        put(".syncthing.x", "half");
        put("0".repeat(64) + ".tmp", "half");
        Files.createDirectory(root.resolve("fat").resolve("directory"));
        Files.createSymbolicLink(root.resolve("fat").resolve("dangling"), root.resolve("nowhere"));
        store.confirm(index(1), NAME, NOW);

        assertEquals(1, afterRestart().size());
        assertEquals(List.of(), files(layout.corrupt()));
        assertEquals(6, files(root.resolve("fat")).size());
    }

    @Test
    void readFailureDoesNotQuarantineRecord() throws IOException {
        Digest digest = index(1).digest();
        Path unreadable = root.resolve("fat").resolve(digest.hex());
        Files.createDirectory(unreadable);
        age(unreadable);
        assertEquals(Optional.empty(), store.find(digest));
        assertTrue(Files.exists(unreadable), "the content may be valid");
    }

    @Test
    void recordAddedByAnotherProcessIsFound() throws IOException {
        Manifest manifest = index(1);
        assertEquals(Optional.empty(), store.find(manifest.digest()));
        Records.in(layout).confirm(manifest, NAME, NOW);
        assertEquals(
                manifest.digest(), store.find(manifest.digest()).orElseThrow().digest());
    }

    @Test
    void recordDeletedOnDiskIsNotServedFromMemory() throws IOException {
        Manifest manifest = index(1);
        store.confirm(manifest, NAME, NOW);
        assertTrue(store.find(manifest.digest()).isPresent());
        Files.delete(file(manifest));
        assertEquals(Optional.empty(), store.find(manifest.digest()));
        store.confirm(manifest, NAME, NOW);
        assertTrue(store.find(manifest.digest()).isPresent());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{\"type\":2,", "garbage"})
    void recordCorruptedOnDiskIsNotServedFromMemory(String content) throws IOException {
        Manifest manifest = index(1);
        store.confirm(manifest, NAME, NOW);
        assertTrue(store.find(manifest.digest()).isPresent());
        Files.writeString(file(manifest), content);
        age(file(manifest));
        assertEquals(Optional.empty(), store.find(manifest.digest()));
        assertQuarantined(file(manifest));
    }

    @Test
    void unmovableCorruptRecordIsAbsentAndLoggedOnce() throws IOException {
        Files.delete(layout.corrupt());
        Files.createFile(layout.corrupt());
        Manifest manifest = index(1);
        store.confirm(index(2), NAME, NOW);
        Path bad = put(manifest.digest().hex(), "garbage");
        try (LogLines log = LogLines.of(Quarantine.class.getName())) {
            for (int i = 0; i < 3; i++) {
                assertEquals(Optional.empty(), store.find(manifest.digest()));
            }
            assertEquals(1, log.at("ERROR").size(), log.text());
        }
        assertTrue(Files.exists(bad));
        assertEquals(1, afterRestart().size());
        store.confirm(manifest, NAME, NOW);
        assertTrue(store.find(manifest.digest()).isPresent(), "a valid record replaced it");
        assertEquals(2, afterRestart().size());
    }

    @Test
    void removedDirectoriesAreCreatedAgain() throws IOException {
        Files.delete(root.resolve("fat"));
        Files.delete(layout.partials());
        store.confirm(index(1), NAME, NOW);
        assertEquals(1, afterRestart().size());
    }

    @Test
    void leftoverTemporaryFilesDoNotPreventWrites() throws IOException {
        Manifest manifest = index(1);
        for (int i = 0; i < 5_000; i++) {
            Files.createFile(layout.partials().resolve(manifest.digest().hex() + "." + i + ".tmp"));
        }
        store.confirm(manifest, NAME, NOW);
        assertEquals(1, afterRestart().size());
    }

    @Test
    void failedWriteKeepsOldFileAndNoTemporaryFile() throws IOException {
        Path target = root.resolve("fat").resolve("name");
        Files.createDirectories(target.resolve("in the way"));
        assertThrows(IOException.class, () -> DurableFiles.write(layout, target, new byte[10]));
        assertEquals(List.of(), files(layout.partials()));
        assertTrue(Files.exists(target.resolve("in the way")));

        Path nowhere = root.resolve("no/where").resolve("name");
        assertThrows(IOException.class, () -> DurableFiles.write(layout, nowhere, new byte[10]));
        assertEquals(List.of(), files(layout.partials()));
        Files.delete(layout.partials());
        Files.createFile(layout.partials());
        assertThrows(IOException.class, () -> DurableFiles.write(layout, root.resolve("a"), new byte[10]));
        assertFalse(Files.exists(root.resolve("a")));
    }

    @Test
    void blobFileNameHasAlgorithmUnlessSha256() {
        Digest sha512 = Digest.parse("sha512:" + "a".repeat(128));
        assertEquals(root.resolve("blobs").resolve("sha512-" + "a".repeat(128)), layout.blob(sha512));
        assertEquals(
                root.resolve("blobs").resolve("b".repeat(64)), layout.blob(Digest.parse("sha256:" + "b".repeat(64))));
    }

    private List<ManifestRecord> afterRestart() {
        List<ManifestRecord> records = new ArrayList<>();
        Records.in(layout).forEach(records::add);
        return records;
    }

    private Path put(String name, String content) throws IOException {
        Path file = root.resolve("fat").resolve(name);
        Files.writeString(file, content);
        age(file);
        return file;
    }

    private Path file(Manifest manifest) {
        return root.resolve("fat").resolve(manifest.digest().hex());
    }

    private void assertQuarantined(Path file) throws IOException {
        assertFalse(Files.exists(file));
        List<Path> corrupt = files(layout.corrupt());
        assertEquals(2, corrupt.size(), corrupt.toString());
        assertTrue(corrupt.get(0).getFileName().toString().startsWith(file.getFileName() + "."));
        assertEquals(corrupt.get(0) + ".reason", corrupt.get(1).toString());
        assertTrue(Files.readString(corrupt.get(1)).startsWith(file + ": "));
    }

    private static Set<String> names(ManifestRecord record) {
        Set<String> names = new HashSet<>();
        record.references().forEach(reference -> names.add(reference.name().toString()));
        return names;
    }

    private static List<Path> files(Path directory) throws IOException {
        try (var files = Files.list(directory)) {
            return files.sorted().toList();
        }
    }

    private static void age(Path file) throws IOException {
        Files.setLastModifiedTime(file, FileTime.from(Instant.now().minusSeconds(61)));
    }

    private static Manifest index(int number) {
        return manifest("{\"manifests\":[],\"annotations\":{\"n\":\"" + number + "\"}}");
    }

    private static Manifest manifest(String json) {
        return Manifest.parse(json.getBytes(StandardCharsets.UTF_8), MediaType.NONE);
    }
}
