package io.ociregistry.store.manifest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.MediaType;
import io.ociregistry.store.disk.Layout;
import io.ociregistry.testing.Records;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiskPullTimesTest {
    private static final Instant MONDAY = Instant.parse("2026-01-05T10:00:00Z");
    private static final Instant LATER = MONDAY.plusSeconds(3600);
    private static final Manifest MANIFEST =
            Manifest.parse("{\"manifests\":[]}".getBytes(StandardCharsets.UTF_8), MediaType.NONE);
    private static final ImageReference TAG = ImageReference.parse("quay.io/team/app:v1");
    private static final ImageReference OTHER_TAG = ImageReference.parse("quay.io/team/app:v2");
    private static final ImageReference ELSEWHERE = ImageReference.parse("ghcr.io/app:v1");

    @TempDir
    Path root;

    private Layout layout;
    private DiskManifestStore store;

    @BeforeEach
    void create() throws IOException {
        layout = new Layout(root);
        layout.create();
        store = Records.in(layout);
        for (ImageReference name : new ImageReference[] {TAG, OTHER_TAG, ELSEWHERE}) {
            store.confirm(MANIFEST, name, MONDAY);
        }
    }

    @Test
    void pullCountsForAllNamesInTheRepositoryOnly() {
        note(LATER);
        assertEquals(LATER, pulled(store, TAG));
        assertEquals(LATER, pulled(store, OTHER_TAG));
        assertEquals(MONDAY, pulled(store, ELSEWHERE));
        note(MONDAY);
        assertEquals(LATER, pulled(store, TAG), "the latest pull counts even if the clock goes back");
    }

    @Test
    void noteWritesNothingAndSavedTimesSurviveCrash() throws IOException {
        note(MONDAY.plusSeconds(1));
        store.save();
        Map<Path, FileTime> before = times();
        note(LATER);
        assertEquals(before, times());
        assertEquals(MONDAY.plusSeconds(1), pulled(Records.in(layout), TAG), "not saved yet");
        store.save();
        assertEquals(LATER, pulled(Records.in(layout), TAG));
        assertEquals(LATER, pulled(Records.in(layout.readOnly()), TAG), "a read-only store sees it too");
    }

    @Test
    void pullTimeIsWrittenToRecordOnceADay() throws IOException {
        Path record = root.resolve("fat").resolve(MANIFEST.digest().hex());
        note(LATER);
        store.save();
        FileTime written = age(record);
        store.flushPullTimes(LATER.plus(Duration.ofHours(23)));
        assertEquals(written, Files.getLastModifiedTime(record));

        note(LATER.plusSeconds(9));
        store.flushPullTimes(LATER.plus(Duration.ofHours(24)));
        assertTrue(Files.readString(record).contains("\"pulled\":\"" + LATER.plusSeconds(9)), "it has the last pull");
        Files.delete(root.resolve("pulled"));
        assertEquals(LATER.plusSeconds(9), pulled(Records.in(layout), TAG));

        written = age(record);
        store.flushPullTimes(LATER.plus(Duration.ofDays(9)));
        assertEquals(written, Files.getLastModifiedTime(record), "there is no new pull time");
    }

    @Test
    void pullTimeOfMissingManifestIsRemoved() {
        store.pullTimes().recordPull(TAG.repository(), Digest.parse("sha256:" + "a".repeat(64)), MONDAY);
        store.flushPullTimes(MONDAY.plus(Duration.ofDays(2)));
        assertEquals(
                0, store.pullTimes().due(10, MONDAY.plus(Duration.ofDays(9))).size());
    }

    @Test
    void fileSizeIsBounded() throws IOException {
        for (int i = 0; i < 5000; i++) {
            note(MONDAY.plusSeconds(i + 1));
            store.save();
        }
        assertTrue(Files.size(root.resolve("pulled")) < 300_000, Files.size(root.resolve("pulled")) + " bytes");
        assertEquals(MONDAY.plusSeconds(5000), pulled(Records.in(layout), TAG));
    }

    @Test
    void malformedLinesAreSkipped() throws IOException {
        note(LATER);
        store.save();
        for (String garbage :
                new String[] {"", "17", "x y z", "1 2 quay.io sha256:1", "99999999999999999999 1 a.b/c d"}) {
            Files.writeString(root.resolve("pulled"), garbage + "\n", StandardOpenOption.APPEND);
        }
        assertEquals(LATER, pulled(Records.in(layout), TAG));
    }

    @Test
    void timeOutOfRangeIsNoError() throws IOException {
        String line = " 1 " + TAG.repository() + " " + MANIFEST.digest();
        for (long time : new long[] {Long.MAX_VALUE, Long.MIN_VALUE, Long.MAX_VALUE / 1000}) {
            Files.writeString(root.resolve("pulled"), time + line + "\n");
            DiskManifestStore again = Records.in(layout);
            again.flushPullTimes(LATER);
            assertFalse(pulled(again, TAG).isBefore(MONDAY));
        }
    }

    private void note(Instant time) {
        store.pullTimes().recordPull(TAG.repository(), MANIFEST.digest(), time);
    }

    private static Instant pulled(DiskManifestStore store, ImageReference name) {
        Map<ImageReference, Instant> pulled = new HashMap<>();
        store.forEach(
                record -> record.references().forEach(reference -> pulled.put(reference.name(), reference.pulled())));
        return pulled.getOrDefault(name, Instant.MIN);
    }

    private static FileTime age(Path file) throws IOException {
        Files.setLastModifiedTime(file, FileTime.fromMillis(1_000_000_000_000L));
        return Files.getLastModifiedTime(file);
    }

    private Map<Path, FileTime> times() throws IOException {
        Map<Path, FileTime> times = new HashMap<>();
        try (var files = Files.walk(root)) {
            for (Path file : files.toList()) {
                times.put(file, Files.getLastModifiedTime(file));
            }
        }
        return times;
    }
}
