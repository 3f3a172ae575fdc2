package io.ociregistry.store.manifest.index;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.MediaType;
import io.ociregistry.store.ManifestRecord;
import io.ociregistry.store.ManifestStore.RecordChanges;
import io.ociregistry.store.ManifestSummary;
import io.ociregistry.store.RecordedReference;
import io.ociregistry.store.disk.Layout;
import io.ociregistry.store.manifest.DiskManifestStore;
import io.ociregistry.testing.Records;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Looks at the records that read only what changed, and the snapshot between two starts. */
class RecordIndexTest {
    private static final Instant NOON = Instant.parse("2026-01-05T12:00:00.123Z");
    private static final int IMAGES = 20;

    @TempDir
    Path root;

    private Layout layout;
    private DiskManifestStore store;
    private final List<Manifest> manifests = new ArrayList<>();

    @BeforeEach
    void fill() throws IOException {
        layout = new Layout(root);
        layout.create();
        store = Records.in(layout);
        for (int i = 0; i < IMAGES; i++) {
            manifests.add(manifest(i));
            store.confirm(manifests.get(i), name("v" + i), NOON);
        }
        assertEquals(List.of(), scan(store), "records of this process are not reported");
        store.saveIndex();
    }

    @Test
    void startReadsNoRecordThatIsInTheSnapshot() throws IOException {
        makeUnreadable();
        assertEquals(all(), scannedNames(Records.in(layout)));
        assertFalse(Records.in(layout).find(manifests.get(0).digest()).isPresent(), "they can't be read");
    }

    @Test
    void lineHasTheWholeSummary() {
        ManifestRecord record = new ManifestRecord(manifests.get(3), List.of())
                .withConfirmed(name("v1"), NOON)
                .withConfirmed(
                        ImageReference.parse(
                                "[::1]:5000/a/b@" + manifests.get(3).digest()),
                        NOON)
                .withConfirmed(
                        ImageReference.parse("quay.io/x@"
                                + Digest.of(
                                        Digest.Algorithm.SHA512,
                                        manifests.get(3).toByteArray())),
                        NOON.plusMillis(7));
        SummaryLine line = new SummaryLine(-17, ManifestSummary.of(record));
        assertEquals(Optional.of(line), SummaryLine.parse(line.toString()));
        assertEquals(2, line.summary().blobs().size());
        assertTrue(line.summary().subject().isPresent());
    }

    @Test
    void recordWithOtherFileStampIsReadAgain() throws IOException {
        Records.in(layout).confirm(manifests.get(3), name("other"), NOON);
        Set<String> expected = all();
        expected.add("quay.io/team/app:other");
        assertEquals(expected, scannedNames(Records.in(layout)));
    }

    @Test
    void corruptSnapshotIsIgnored() throws IOException {
        Path snapshot = root.resolve("records");
        byte[] good = Files.readAllBytes(snapshot);
        Random random = new Random(17);
        for (int i = 0; i < 40; i++) {
            byte[] bad = good.clone();
            for (int n = 0; n < 1 + i; n++) {
                bad[random.nextInt(bad.length)] ^= (byte) (1 << random.nextInt(8));
            }
            Files.write(snapshot, bad);
            assertEquals(all(), scannedNames(Records.in(layout)), "flipped, " + i);
            Files.write(snapshot, java.util.Arrays.copyOf(good, random.nextInt(good.length)));
            assertEquals(all(), scannedNames(Records.in(layout)), "cut, " + i);
        }
        Files.writeString(snapshot, "a later version\n".repeat(1000));
        assertEquals(all(), scannedNames(Records.in(layout)));
        Files.delete(snapshot);
        assertEquals(all(), scannedNames(Records.in(layout)));
        Files.createDirectory(snapshot);
        DiskManifestStore last = Records.in(layout);
        assertEquals(all(), scannedNames(last));
        last.saveIndex();
    }

    @Test
    void changesAreReportedWithSummaryFromSnapshot() throws IOException {
        DiskManifestStore running = Records.in(layout);
        scan(running);
        Files.delete(file(manifests.get(3)));
        Records.in(layout).confirm(manifests.get(4), name("more"), NOON);
        assertEquals(
                List.of(
                        "changed [quay.io/team/app:v4] [quay.io/team/app:v4, quay.io/team/app:more]",
                        "went [quay.io/team/app:v3]"),
                scan(running).stream().sorted().toList());
        assertEquals(List.of(), scan(running));
    }

    @Test
    void changeOfSingleRecordIsReported() throws IOException {
        DiskManifestStore running = Records.in(layout);
        scan(running);
        List<String> changes = new ArrayList<>();
        running.detectChanges(manifests.get(4).digest(), into(changes));
        assertEquals(List.of(), changes);
        Records.in(layout).confirm(manifests.get(4), name("more"), NOON);
        running.detectChanges(manifests.get(4).digest(), into(changes));
        Files.delete(file(manifests.get(4)));
        running.detectChanges(manifests.get(4).digest(), into(changes));
        assertEquals(
                List.of(
                        "changed [quay.io/team/app:v4] [quay.io/team/app:v4, quay.io/team/app:more]",
                        "went [quay.io/team/app:v4, quay.io/team/app:more]"),
                changes);
        assertEquals(List.of(), scan(running));
    }

    @Test
    void unreadableDirectoryRemovesNoRecord() throws IOException {
        DiskManifestStore running = Records.in(layout);
        scan(running);
        Path away = root.resolve("away");
        Files.move(root.resolve("img"), away);
        Files.writeString(root.resolve("img"), "no directory");
        assertEquals(List.of(), scan(running));
        assertTrue(running.mayHaveChanged(), "another scan is needed");
        Files.delete(root.resolve("img"));
        Files.move(away, root.resolve("img"));
        assertEquals(List.of(), scan(running));
    }

    @Test
    void unchangedDirectoriesAreNotScanned() throws IOException {
        DiskManifestStore running = Records.in(layout);
        for (String directory : List.of("img", "fat", "other")) {
            Files.setLastModifiedTime(
                    root.resolve(directory), FileTime.from(Instant.now().minusSeconds(100)));
        }
        assertTrue(running.mayHaveChanged());
        scan(running);
        assertFalse(running.mayHaveChanged());
        makeUnreadable();
        assertEquals(List.of(), scan(running));
        Files.createFile(root.resolve("img/x"));
        assertTrue(running.mayHaveChanged());
    }

    @Test
    void snapshotSizeIsBounded() throws IOException {
        for (int i = 0; i < 600; i++) {
            store.confirm(manifests.get(0), name("v0"), NOON.plusSeconds(i));
            store.saveIndex();
        }
        assertTrue(Files.size(root.resolve("records")) < 450_000, Files.size(root.resolve("records")) + " bytes");
        makeUnreadable();
        assertEquals(all(), scannedNames(Records.in(layout)));
    }

    private void makeUnreadable() throws IOException {
        for (Manifest manifest : manifests) {
            Path file = file(manifest);
            FileTime time = Files.getLastModifiedTime(file);
            byte[] garbage = new byte[Math.toIntExact(Files.size(file))];
            Files.write(file, garbage);
            // The file stamp does not change.
            Files.setLastModifiedTime(file, time);
        }
    }

    private Set<String> all() {
        Set<String> names = new TreeSet<>();
        for (int i = 0; i < IMAGES; i++) {
            names.add("quay.io/team/app:v" + i);
        }
        return names;
    }

    private static Set<String> scannedNames(DiskManifestStore store) {
        Set<String> names = new TreeSet<>();
        scan(store).forEach(change -> {
            assertTrue(change.startsWith("came ["), change);
            names.addAll(List.of(change.substring(6, change.length() - 1).split(", ", -1)));
        });
        return names;
    }

    private static List<String> scan(DiskManifestStore store) {
        List<String> changes = new ArrayList<>();
        store.detectChanges(into(changes));
        return changes;
    }

    private static RecordChanges into(List<String> changes) {
        return new RecordChanges() {
            @Override
            public void added(ManifestSummary now) {
                changes.add("came " + names(now));
            }

            @Override
            public void changed(ManifestSummary before, ManifestSummary now) {
                changes.add("changed " + names(before) + " " + names(now));
            }

            @Override
            public void removed(ManifestSummary before) {
                changes.add("went " + names(before));
            }
        };
    }

    private static List<ImageReference> names(ManifestSummary summary) {
        return summary.references().stream().map(RecordedReference::name).toList();
    }

    private Path file(Manifest manifest) {
        return root.resolve("img").resolve(manifest.digest().hex());
    }

    private static ImageReference name(String tag) {
        return ImageReference.parse("quay.io/team/app:" + tag);
    }

    private static Manifest manifest(int number) {
        String digest = "\"digest\":\"" + Digest.of(new byte[] {(byte) number}) + "\"";
        String json = "{\"mediaType\":\"" + MediaType.OCI_MANIFEST + "\",\"config\":{" + digest
                + ",\"size\":7},\"layers\":[{" + digest + ",\"size\":" + number
                + ",\"mediaType\":\"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip\"}],\"subject\":{"
                + digest + "}}";
        return Manifest.parse(json.getBytes(StandardCharsets.UTF_8), MediaType.NONE);
    }
}
