package io.ociregistry.registry.prune;

import static io.ociregistry.registry.prune.PrunedCache.NOW;
import static io.ociregistry.registry.prune.PrunedCache.digest;
import static io.ociregistry.registry.prune.PrunedCache.image;
import static io.ociregistry.registry.prune.PrunedCache.index;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.registry.policy.ReferencePatterns;
import io.ociregistry.store.BlobDownload;
import io.ociregistry.store.BlobSource;
import io.ociregistry.store.ConfirmedLink;
import io.ociregistry.store.ListName;
import io.ociregistry.store.ListStore.StoredList;
import io.ociregistry.store.ManifestStore.RecordChanges;
import io.ociregistry.store.ManifestSummary;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PrunerTest {
    @TempDir
    Path root;

    private static final RecordChanges NO_CHANGES = new RecordChanges() {
        @Override
        public void added(ManifestSummary now) {}

        @Override
        public void changed(ManifestSummary before, ManifestSummary now) {}

        @Override
        public void removed(ManifestSummary before) {}
    };

    private PrunedCache cache;
    private Digest base;
    private Digest ownA;
    private Digest ownB;

    @BeforeEach
    void open() throws IOException {
        cache = new PrunedCache(root);
        base = cache.blob(digest("base"), 1000);
        ownA = cache.blob(digest("a"), 100);
        ownB = cache.blob(digest("b"), 10);
    }

    @Test
    void pullThatIsNotInARecordYetCounts() {
        Manifest image = cache.store(image(List.of(ownA)), "r.example/a:1", NOW.minus(Duration.ofDays(60)));
        ImageReference name = ImageReference.parse("r.example/a:1");
        cache.records.pullTimes().recordPull(name.repository(), image.digest(), NOW.minus(Duration.ofDays(1)));
        assertEquals(
                0,
                cache.prune(new PrunePolicy.PulledBefore(NOW.minus(Duration.ofDays(30))))
                        .records());
        assertEquals(1, cache.prune(new PrunePolicy.PulledBefore(NOW)).records());
    }

    @Test
    void recordIsDeletedFromEveryFileThatHasIt() throws IOException {
        Manifest image = cache.store(image(List.of(ownA)), "r.example/a:1");
        Path file = root.resolve("img").resolve(image.digest().hex());
        Files.createDirectories(root.resolve("lts"));
        Files.copy(file, root.resolve("lts").resolve(image.digest().hex()));
        Files.copy(file, file.resolveSibling(image.digest().hex() + ".sync-conflict-20250101-120000-ABCDEFG"));
        assertEquals(1, cache.prune("a:1").records());
        assertEquals(Set.of(), cache.names());
        assertFalse(cache.blobs.contains(ownA));
    }

    @Test
    void pruneByAgeIsRefusedWhileTheClockIsBehind() {
        cache.store(image(List.of(ownA)), "r.example/a:1", NOW.plus(Duration.ofDays(2)));
        cache.store(image(List.of(ownB)), "r.example/b:1", NOW.minus(Duration.ofDays(2)));
        PrunePolicy policy = new PrunePolicy.PulledBefore(NOW.minus(Duration.ofDays(1)));
        RegistryException refused = assertThrows(RegistryException.class, () -> cache.prune(policy));
        String message = refused.getMessage();
        assertTrue(message.contains("later times: r.example/a:1 of 2100-01-03T00:00:00Z; set the clock. If"), message);
        assertEquals(1, cache.prune("a:1").records(), "its image can be pruned by pattern");
        assertEquals(1, cache.prune(policy).records(), "then pruning by age works");
    }

    @Test
    void refusalNamesTheNewestRecords() {
        for (int i = 1; i < 6; i++) {
            cache.store(image(List.of(ownA)), "r.example/a:" + i, NOW.plus(Duration.ofDays(i)));
        }
        PrunePolicy policy = new PrunePolicy.CreatedBefore(NOW);
        String message =
                assertThrows(RegistryException.class, () -> cache.prune(policy)).getMessage();
        assertTrue(message.contains(": r.example/a:5 of "), message);
        assertTrue(message.contains(", r.example/a:3 of 2100-01-04T00:00:00Z and 2 more; "), message);
    }

    @Test
    void blobWithoutRecordIsDeletedOnlyAfterTheGracePeriod() {
        assertEquals(
                0,
                cache.pruner(Instant.now())
                        .prune(new PruneRequest(matchesNothing(), false))
                        .bytes());
        assertEquals(Set.of(base, ownA, ownB), cache.storedBlobs());
        assertEquals(1110, cache.prune(matchesNothing()).bytes());
        assertEquals(Set.of(), cache.storedBlobs());
    }

    @Test
    void readerOfDeletedBlobReadsToTheEndAndOpenedBlobStays() throws IOException {
        byte[] content = "some content".getBytes(StandardCharsets.UTF_8);
        Digest digest = published(content);
        cache.store(image(List.of(digest)), "r.example/a:1");
        try (BlobSource open = cache.blobs.open(digest).orElseThrow()) {
            PruneReport report = cache.prune("a:1");
            assertTrue(report.kept().get(0).contains("in use"), report.kept().toString());
            assertEquals(Set.of(), cache.names());
            assertTrue(cache.blobs.contains(digest));
            cache.nanos.addAndGet(Duration.ofSeconds(61).toNanos());
            Pruner young = cache.pruner(Instant.now());
            cache.store(image(List.of(digest)), "r.example/a:2");
            young.prune(PrunedCache.request("a:2"));
            assertFalse(cache.blobs.contains(digest));
            ByteBuffer into = ByteBuffer.allocate(100);
            assertEquals(content.length, open.read(0, into));
        }
    }

    @Test
    void imageWithDownloadInFlightStays() throws IOException {
        Digest arriving = digest("arriving");
        cache.store(image(List.of(arriving, ownA)), "r.example/a:1");
        BlobDownload download = cache.blobs.startDownload(
                arriving, ImageReference.parse("r.example/a:1").repository());
        PruneReport report = cache.prune("a:1");
        assertEquals(List.of("r.example/a:1 has a download in flight"), report.kept());
        assertTrue(cache.storedBlobs().contains(ownA));
        assertEquals(1, cache.names().size());
        download.release();
        assertEquals(1, cache.prune("a:1").records());
        assertEquals(List.of(), cache.blobs.interrupted(), "no download of it is resumed");
    }

    @Test
    void noBlobIsDeletedWhileARecordIsUnreadable() throws IOException {
        Manifest broken = cache.store(image(List.of(base)), "r.example/b:1");
        cache.store(image(List.of(base, ownA)), "r.example/a:1");
        Path file = root.resolve("img").resolve(broken.digest().hex());
        Files.writeString(file, Files.readString(file).substring(0, 100));
        PruneReport report = cache.prune("a:1");
        assertTrue(
                report.kept().get(0).contains(broken.digest().toString()),
                report.kept().toString());
        assertEquals(Set.of(base, ownA, ownB), cache.storedBlobs());
    }

    @Test
    void blobNamedAfterThePlanStays() {
        cache.store(image(List.of(base, ownA)), "r.example/a:1");
        List<Boolean> added = new ArrayList<>();
        Pruner pruner =
                cache.pruner(NOW, gone -> added.add(cache.store(image(List.of(base)), "r.example/new:1") != null));
        pruner.prune(PrunedCache.request("a:1"));
        assertEquals(List.of(true), added);
        assertEquals(Set.of(base), cache.storedBlobs());
        assertEquals(Set.of("r.example/new:1"), cache.names());
    }

    @ParameterizedTest
    @ValueSource(strings = {"torn", "flipped", "garbage", "empty"})
    void blobsOfQuarantinedRecordStayUntilItsFileIsDeleted(String damage) throws IOException {
        Manifest image = cache.store(image(List.of(base, ownA)), "r.example/a:1");
        cache.records.saveIndex();
        damage(image, damage);
        // Another process, without the record in memory.
        cache = new PrunedCache(root);
        cache.prune("nothing");
        assertEquals(
                Set.of(base, ownA, ownB), cache.storedBlobs(), "no blob is deleted while the record is unreadable");
        PruneReport reported = cache.dryRun("nothing");
        PruneReport done = cache.prune("nothing");
        assertEquals(Set.of(base, ownA), cache.storedBlobs());
        assertEquals(reported.kept(), done.kept());
        assertTrue(done.kept().get(0).startsWith("2 blobs of " + image.digest() + ": its record"), done::toString);
        assertTrue(done.kept().get(0).contains("verify --repair"), done::toString);
        for (Path file : quarantined()) {
            Files.delete(file);
        }
        cache.prune("nothing");
        assertEquals(Set.of(), cache.storedBlobs());
    }

    @Test
    void blobsOfLostRecordStayIfTheIndexKnewThem() throws IOException {
        Manifest image = cache.store(image(List.of(base)), "r.example/a:1");
        cache.records.detectChanges(NO_CHANGES);
        damage(image, "garbage");
        cache.records.detectChanges(NO_CHANGES);
        cache = new PrunedCache(root);
        cache.prune("nothing");
        assertEquals(Set.of(base), cache.storedBlobs());
    }

    @Test
    void nothingIsPrunedWhileTheQuarantineIsUnreadable() throws IOException {
        Manifest image = cache.store(image(List.of(base)), "r.example/a:1");
        damage(image, "torn");
        cache = new PrunedCache(root);
        cache.prune("nothing");
        Path away = Files.move(root.resolve("corrupt"), root.resolve("away"));
        Files.createFile(root.resolve("corrupt"));
        assertThrows(RegistryException.class, () -> cache.prune("nothing"));
        Files.delete(root.resolve("corrupt"));
        Files.move(away, root.resolve("corrupt"));
        cache.prune("nothing");
        assertEquals(Set.of(base), cache.storedBlobs());
    }

    @Test
    void quarantinedRecordIsPrunedWithItsIndex() throws IOException {
        Manifest image = cache.store(
                image(List.of(base)), "r.example/a@" + image(List.of(base)).digest());
        cache.store(index(List.of(image.digest())), "r.example/a:all");
        cache.store(index(List.of(image.digest())), "r.example/a:too");
        cache.store(image(List.of(ownA)), "r.example/b:1");
        damage(image, "torn");
        cache = new PrunedCache(root);
        cache.prune("nothing");
        cache.prune("a:all");
        assertEquals(Set.of(base, ownA), cache.storedBlobs(), "another index lists it too");
        assertEquals(2, quarantined().size());
        cache.prune("a:too");
        assertEquals(Set.of(ownA), cache.storedBlobs());
        assertEquals(List.of(), quarantined());
    }

    @Test
    void manifestFetchedAgainAndPrunedIsNotLost() throws IOException {
        Manifest image = cache.store(image(List.of(base)), "r.example/a:1");
        damage(image, "torn");
        cache = new PrunedCache(root);
        cache.prune("nothing");
        cache.store(image, "r.example/a:1");
        cache.prune("a:1");
        assertEquals(List.of(), quarantined());
        assertEquals(Set.of(), cache.storedBlobs());
    }

    private void damage(Manifest image, String how) throws IOException {
        Path record = root.resolve("img").resolve(image.digest().hex());
        byte[] bytes = Files.readAllBytes(record);
        switch (how) {
            // The first half only.
            case "torn" -> bytes = Arrays.copyOf(bytes, bytes.length / 2);
            case "flipped" -> bytes[new String(bytes, StandardCharsets.ISO_8859_1).indexOf("\"bytes\":\"") + 50] ^= 1;
            case "garbage" -> bytes = "garbage".getBytes(StandardCharsets.US_ASCII);
            default -> bytes = new byte[0];
        }
        Files.write(record, bytes);
        Files.setLastModifiedTime(record, FileTime.from(Instant.now().minusSeconds(3600)));
    }

    private List<Path> quarantined() throws IOException {
        try (var files = Files.list(root.resolve("corrupt"))) {
            return files.toList();
        }
    }

    @Test
    void linksAndListsOfPrunedContentAreDeleted() throws IOException {
        ImageReference name = ImageReference.parse("r.example/a:1");
        Manifest image = cache.store(image(List.of(base, ownA)), "r.example/a:1");
        cache.store(image(List.of(base)), "r.example/b:1");
        for (Digest blob : List.of(base, ownA)) {
            ConfirmedLink link = new ConfirmedLink(name.repository(), blob, true);
            cache.catalog.confirmBlob(link);
            cache.links.add(link);
        }
        StoredList list = new StoredList(NOW, "{}".getBytes(StandardCharsets.UTF_8));
        cache.lists.put(new ListName.Tags(name.repository()), list);
        cache.lists.put(new ListName.Referrers(name.repository(), image.digest()), list);
        cache.prune("a:1");
        String links = Files.readString(root.resolve("lists/links"));
        assertTrue(links.contains(base.toString()), "the blob is cached, and needs its link");
        assertFalse(links.contains(ownA.toString()));
        assertFalse(cache.catalog.isPublic(ownA));
        try (var left = Files.list(root.resolve("lists"))) {
            assertEquals(1, left.count());
        }
    }

    @Test
    void dryRunChangesNothingAndReportsThePrune() throws IOException {
        Manifest amd = cache.store(
                image(List.of(base, ownA)),
                "r.example/a@" + image(List.of(base, ownA)).digest());
        cache.store(index(List.of(amd.digest())), "r.example/a:1");
        cache.store(image(List.of(ownB)), "r.example/a:2");
        cache.store(image(List.of(ownB)), "r.example/b:pinned");
        cache.pin("pinned");
        var before = cache.files();
        List<String> reported = cache.dryRun("example").lines();
        assertEquals(before, cache.files());
        List<String> done = cache.prune("example").lines();
        assertEquals(reported.subList(1, reported.size()), done.subList(1, done.size()));
        assertEquals("Pruned:", done.get(0));
        assertTrue(done.contains("r.example/a@" + amd.digest() + "  1.1 kB  with r.example/a:1"), done.toString());
        assertTrue(done.contains(ownA + "  100 B"), done.toString());
        assertTrue(done.stream().noneMatch(line -> line.startsWith(ownB.toString())), "a pinned image needs it");
    }

    @Test
    void nothingIsPrunedWhileARecordDirectoryIsUnreadable() throws IOException {
        cache.store(image(List.of(base, ownA)), "r.example/a:1");
        PrunedCache opened = new PrunedCache(root);
        Path images = root.resolve("img");
        Files.move(images, root.resolve("away"));
        // Exists, but can't be listed.
        Files.createSymbolicLink(images, images);
        RegistryException refused = assertThrows(RegistryException.class, () -> opened.prune(matchesNothing()));
        assertTrue(refused.getMessage().contains("can't be read"), refused.getMessage());
        assertEquals(Set.of(base, ownA, ownB), opened.storedBlobs());
    }

    @Test
    void interruptOfStoppingServerIsNoFailureOfTheDisk() {
        cache.store(image(List.of(base, ownA)), "r.example/a:1");
        RegistryException stopped;
        Thread.currentThread().interrupt();
        try {
            stopped = assertThrows(RegistryException.class, () -> cache.prune("r.example/a"));
        } finally {
            assertTrue(Thread.interrupted());
        }
        assertEquals("pruning stopped because the server stops; the next run removes the rest", stopped.getMessage());
    }

    @Test
    void closedPrunerStopsItsPlan() throws IOException {
        cache.store(image(List.of(base)), "r.example/a:1");
        List<Pruner> closing = new ArrayList<>();
        Pruner pruner = cache.pruner(NOW, gone -> closing.forEach(Pruner::close));
        closing.add(pruner);
        PruneRequest all = PrunedCache.request("a:1");
        assertThrows(RegistryException.class, () -> pruner.prune(all));
        assertEquals(Set.of(base, ownA, ownB), cache.storedBlobs());
        cache.store(image(List.of(base)), "r.example/b:1");
        assertThrows(RegistryException.class, () -> pruner.prune(new PruneRequest(matchesNothing(), false)));
        assertEquals(Set.of("r.example/b:1"), cache.names());
    }

    @Test
    void deferredBlobThatIsNamedOrGoneNeedsNoScan() throws IOException {
        Digest again = published(new byte[] {1});
        Digest gone = published(new byte[] {2});
        cache.store(image(List.of(again, gone)), "r.example/a:1");
        cache.blobs.open(again).orElseThrow().close();
        cache.blobs.open(gone).orElseThrow().close();
        Pruner pruner = cache.pruner();
        PruneReport report = pruner.prune(PrunedCache.request("a:1"));
        assertEquals(2, report.kept().size(), report.toString());
        cache.store(image(List.of(again)), "r.example/b:1");
        Files.delete(root.resolve("blobs").resolve(gone.hex()));
        // Listing the records fails from now on.
        Path images = root.resolve("img");
        Files.move(images, root.resolve("away"));
        Files.createSymbolicLink(images, images);
        pruner.retryDeferredDeletes();
    }

    private Digest published(byte[] content) throws IOException {
        Digest digest = Digest.of(content);
        BlobDownload download = cache.blobs.startDownload(
                digest, ImageReference.parse("r.example/a:1").repository());
        download.append(ByteBuffer.wrap(content));
        download.verify();
        cache.blobs.publish(download);
        download.release();
        return digest;
    }

    private static PrunePolicy matchesNothing() {
        return new PrunePolicy.Matching(ReferencePatterns.parse("^$"));
    }
}
