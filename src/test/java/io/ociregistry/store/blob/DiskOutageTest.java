package io.ociregistry.store.blob;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.MediaType;
import io.ociregistry.oci.Repository;
import io.ociregistry.store.ConfirmedLink;
import io.ociregistry.store.ManifestRecord;
import io.ociregistry.store.disk.Layout;
import io.ociregistry.store.disk.WriteFailureLog;
import io.ociregistry.store.manifest.DiskManifestStore;
import io.ociregistry.testing.LogLines;
import io.ociregistry.testing.Records;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Writes that fail even for root, because a file is in place of a directory or the other way round. */
@Timeout(60)
class DiskOutageTest {
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
    void recordThatCanNotBeWrittenIsServedAndSavedLater() throws IOException {
        startOutage();
        Manifest manifest = index(1, 10);
        store.confirm(manifest, NAME, NOW);
        store.confirm(manifest, ImageReference.parse("quay.io/team/app:v2"), NOW);
        assertEquals(manifest, store.find(manifest.digest()).orElseThrow());
        store.save();
        assertEquals(List.of(), onDisk());

        endOutage();
        store.save();
        assertEquals(
                List.of(2), onDisk().stream().map(r -> r.references().size()).toList());
        assertEquals(manifest, store.find(manifest.digest()).orElseThrow());
    }

    @Test
    void nameAddedDuringOutageJoinsNamesOnDisk() throws IOException {
        Manifest manifest = index(1, 10);
        store.confirm(manifest, NAME, NOW);
        startOutage();
        store.confirm(manifest, ImageReference.parse("quay.io/team/app:v2"), NOW);
        endOutage();
        store.confirm(manifest, ImageReference.parse("quay.io/team/app:v3"), NOW);
        assertEquals(3, onDisk().get(0).references().size());
    }

    @Test
    void outageIsLoggedAtItsStartAndEnd() throws IOException {
        try (LogLines log = LogLines.of(WriteFailureLog.class.getName())) {
            for (int outage = 1; outage <= 2; outage++) {
                startOutage();
                IntStream.range(0, 5).forEach(i -> store.confirm(index(i, 10), NAME, NOW));
                store.save();
                assertEquals(outage, log.at("ERROR").size(), log.text());
                endOutage();
                store.confirm(index(1, 10), NAME, NOW);
                assertEquals(outage - 1, log.at("INFO").size(), "the outage lasts until all records are written");
                store.save();
                store.save();
                assertEquals(outage, log.at("INFO").size(), log.text());
            }
            assertTrue(log.at("ERROR").get(0).contains(root.toString()), log.text());
        }
    }

    @Test
    void pendingWritesAreLimitedAndKeepTheNewest() throws IOException {
        startOutage();
        Manifest first = index(0, 4 << 20);
        store.confirm(first, NAME, NOW);
        Manifest last = first;
        for (int i = 1; i < 5; i++) {
            last = index(i, 4 << 20);
            store.confirm(last, NAME, NOW);
        }
        assertFalse(store.find(first.digest()).isPresent());
        assertTrue(store.find(last.digest()).isPresent());
    }

    @Test
    void linksThatCanNotBeWrittenAreWrittenLater() throws IOException {
        Repository repository = NAME.repository();
        DiskLinkStore links = new DiskLinkStore(layout);
        Files.delete(layout.lists());
        Files.createFile(layout.lists());
        List<Digest> digests =
                List.of(index(1, 1).digest(), index(2, 1).digest(), index(3, 1).digest());
        try (LogLines log = LogLines.of(WriteFailureLog.class.getName())) {
            links.add(new ConfirmedLink(repository, digests.get(0), false));
            links.add(new ConfirmedLink(repository, digests.get(1), true));
            assertEquals(1, log.at("ERROR").size(), log.text());
            Files.delete(layout.lists());
            links.add(new ConfirmedLink(repository, digests.get(2), false));
            assertEquals(1, log.at("INFO").size(), log.text());
        }
        List<Digest> read = new ArrayList<>();
        new DiskLinkStore(layout).forEach(link -> read.add(link.digest()));
        assertEquals(digests, read);
    }

    private void startOutage() throws IOException {
        Files.delete(layout.partials());
        Files.createFile(layout.partials());
    }

    private void endOutage() throws IOException {
        Files.delete(layout.partials());
    }

    private List<ManifestRecord> onDisk() {
        List<ManifestRecord> records = new ArrayList<>();
        Records.in(layout).forEach(records::add);
        return records;
    }

    private static Manifest index(int number, int length) {
        String json = "{\"manifests\":[],\"annotations\":{\"n\":\"" + number + "\"}}" + " ".repeat(length);
        return Manifest.parse(json.getBytes(StandardCharsets.UTF_8), MediaType.NONE);
    }
}
