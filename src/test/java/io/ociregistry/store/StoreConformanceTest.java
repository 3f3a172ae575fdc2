package io.ociregistry.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.store.Inspector.InspectedRecord;
import io.ociregistry.store.Inspector.ReadThrottle;
import io.ociregistry.store.ListStore.StoredList;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** The contract of {@link Store} and its small parts. */
@ParameterizedClass
@MethodSource("io.ociregistry.store.StoreHome#factories")
class StoreConformanceTest extends StoreConformance {
    private static final ListName TAGS = new ListName.Tags(REPOSITORY);
    private static final ListName REFERRERS = new ListName.Referrers(REPOSITORY, DIGEST);
    private static final ConfirmedLink LINK = new ConfirmedLink(REPOSITORY, DIGEST, true);
    private static final ConfirmedLink OTHER =
            new ConfirmedLink(name("ghcr.io/other:v1").repository(), DIGEST, false);

    @Test
    void secondWriterIsRefusedUntilTheFirstCloses() throws IOException {
        Store.InUseException refused = assertThrows(Store.InUseException.class, home::open);
        assertTrue(String.valueOf(refused.getMessage()).contains(store.status().location()));
        home.openReadOnly().close();
        store.close();
        store = home.open();
    }

    @Test
    void storeThatDoesNotExistIsNotOpenedReadOnly() throws IOException {
        StoreHome nowhere = factory.in(Files.createDirectory(directory.resolve("empty")));
        assertThrows(IOException.class, () -> nowhere.openReadOnly().close());
    }

    @Test
    void statusDescribesTheStore() throws IOException {
        StoreStatus status = store.status();
        assertTrue(status.isWritable());
        assertTrue(status.isReadable());
        assertEquals(Optional.empty(), status.warning());
        assertEquals(Optional.empty(), status.unreadable());
        long before = status.usage().used();
        publish(CONTENT);
        assertTrue(status.usage().used() >= before + CONTENT.length);
        assertTrue(status.usage().total() >= status.usage().free());
        reopenReadOnly();
        assertFalse(store.status().isWritable());
        assertTrue(store.status().isReadable());
        assertEquals(Optional.empty(), store.status().warning(), "it was requested");
    }

    @Test
    void timeOfTheLastScrubIsKept() throws IOException {
        assertEquals(Optional.empty(), store.lastScrub());
        store.recordScrub(NOW);
        reopen();
        assertEquals(Optional.of(NOW), store.lastScrub());
    }

    @Test
    void linksAreKept() throws IOException {
        assertFalse(store.links().isCreated());
        store.links().create(List.of(LINK));
        store.links().add(OTHER);
        assertTrue(store.links().isCreated());
        reopen();
        assertTrue(store.links().isCreated());
        assertEquals(List.of(LINK, OTHER), links());
        store.links().retain(OTHER::equals);
        assertEquals(List.of(OTHER), links());
        reopen();
        assertEquals(List.of(OTHER), links());
        reopenReadOnly();
        store.links().add(LINK);
        store.links().save();
        reopen();
        assertEquals(List.of(OTHER), links());
    }

    private List<ConfirmedLink> links() {
        List<ConfirmedLink> links = new ArrayList<>();
        store.links().forEach(links::add);
        return links;
    }

    @Test
    void emptyListOfFirstLinksCounts() throws IOException {
        store.links().create(List.of());
        reopen();
        assertTrue(store.links().isCreated());
        assertEquals(List.of(), links());
    }

    @Test
    void listsAreKeptByTheirNames() throws IOException {
        assertEquals(Optional.empty(), store.lists().find(TAGS));
        assertEquals(Optional.empty(), store.lists().unreadableReason(TAGS));
        put(TAGS, "{\"tags\":[\"v1\"]}");
        put(REFERRERS, "{\"manifests\":[]}");
        put(TAGS, "{\"tags\":[\"v1\",\"v2\"]}");
        reopen();
        assertList(TAGS, "{\"tags\":[\"v1\",\"v2\"]}");
        assertList(REFERRERS, "{\"manifests\":[]}");
        store.lists().remove(TAGS);
        store.lists().remove(TAGS);
        assertEquals(Optional.empty(), store.lists().find(TAGS));
        reopenReadOnly();
        put(TAGS, "{\"tags\":[]}");
        store.lists().remove(REFERRERS);
        assertEquals(Optional.empty(), store.lists().find(TAGS));
        assertList(REFERRERS, "{\"manifests\":[]}");
    }

    private void put(ListName name, String json) {
        store.lists().put(name, new StoredList(NOW, json.getBytes(StandardCharsets.UTF_8)));
    }

    private void assertList(ListName name, String json) {
        StoredList found = store.lists().find(name).orElseThrow();
        assertEquals(NOW, found.checked());
        assertArrayEquals(json.getBytes(StandardCharsets.UTF_8), found.json());
    }

    @Test
    void incompleteImagesAreKept() throws IOException {
        ImageReference image = new ImageReference(REPOSITORY, DIGEST);
        assertEquals(List.of(), store.incompleteImages().list());
        store.incompleteImages().add(image);
        store.incompleteImages().add(image);
        reopen();
        assertEquals(List.of(image), store.incompleteImages().list());
        store.incompleteImages().remove(image);
        store.incompleteImages().remove(image);
        assertEquals(List.of(), store.incompleteImages().list());
    }

    @Test
    void temporaryFileCountsInTheQuotaUntilItIsClosed() throws IOException {
        store.quota().setLimits(1000, 1000);
        try (TemporaryFile file = store.createTemporaryFile("upload")) {
            file.append(ByteBuffer.wrap(CONTENT));
            file.append(ByteBuffer.wrap(CONTENT));
            assertEquals(2L * CONTENT.length, file.size());
            assertEquals(2L * CONTENT.length, Files.size(Path.of(file.path())));
            assertTrue(store.quota().used() >= file.size());
            assertEquals(0, blobs().interruptedBytes(), "the quota counts it already");
            file.reserve(500);
            String why = assertThrows(TemporaryFile.TooLargeException.class, () -> file.reserve(501))
                    .getMessage();
            assertTrue(String.valueOf(why).startsWith("501 bytes are more than half of cache.maxSize"), why);
        }
        assertEquals(0, store.quota().used());
        TemporaryFile closed = store.createTemporaryFile("upload");
        closed.close();
        closed.close();
        assertFalse(Files.exists(Path.of(closed.path())));
        assertThrows(IOException.class, () -> closed.append(ByteBuffer.wrap(CONTENT)));
        reopenReadOnly();
        assertThrows(IOException.class, () -> store.createTemporaryFile("upload"));
    }

    @Test
    void openingDeletesTemporaryFilesOfCrash() throws IOException {
        TemporaryFile left = store.createTemporaryFile("upload");
        left.append(ByteBuffer.wrap(CONTENT));
        reopen();
        assertFalse(Files.exists(Path.of(left.path())));
    }

    @Test
    void inspectorFindsCorruptContent() throws Exception {
        byte[] good = {1, 2, 3};
        publish(good);
        home.addBlob(DIGEST, new byte[] {4});
        Digest digest = manifest(1).digest();
        store.manifests().confirm(manifest(1), name("quay.io/team/app:v1"), NOW);
        ManifestRecord damaged =
                new ManifestRecord(manifest(2), List.of(RecordedReference.confirmed(name("quay.io/a:b"), NOW)));
        home.addRecord(damaged, 5);
        home.damageRecord(damaged);
        AtomicLong read = new AtomicLong();
        ReadThrottle throttle = read::addAndGet;
        Inspector inspector = store.inspector(throttle);

        assertEquals(List.of(Digest.of(good), DIGEST).stream().sorted().toList(), inspector.blobs());
        assertEquals(Optional.empty(), inspector.verifyBlob(Digest.of(good)));
        assertEquals(good.length, read.get());
        CorruptFile corrupt = inspector.verifyBlob(DIGEST).orElseThrow();
        assertEquals(DIGEST, corrupt.digest());
        assertTrue(corrupt.toString().startsWith(corrupt.location() + ": "));
        assertEquals(OptionalLong.of(1), inspector.size(DIGEST));

        List<InspectedRecord> valids = new ArrayList<>();
        List<CorruptFile> corrupts = new ArrayList<>();
        inspector.readRecords(valids::add, corrupts::add);
        assertEquals(1, valids.size());
        assertEquals(digest, valids.get(0).record().manifest().digest());
        assertFalse(valids.get(0).isSettled(), "it was just written");
        assertEquals(
                List.of(damaged.manifest().digest()),
                corrupts.stream().map(CorruptFile::digest).toList());
        assertTrue(inspector.hasRecord(damaged.manifest().digest()));
        assertFalse(inspector.hasRecord(DIGEST));
        inspector.findUnreadable((location, why) -> assertEquals("", location + why));
        assertEquals(List.of(), inspector.lostRecords(), "an inspector moves nothing");
        assertTrue(blobs().contains(DIGEST), "an inspector moves nothing");
    }

    @Test
    void inspectorSeesDownloadsInFlight() {
        BlobDownload download = blobs().startDownload(DIGEST, REPOSITORY);
        append(download, CONTENT);
        Inspector inspector = store.inspector(ReadThrottle.UNBOUNDED);
        assertTrue(inspector.inFlight().contains(DIGEST));
        assertEquals(List.of(), inspector.blobs());
        download.release();
    }

    @Test
    void replacedContentHasAnotherVersion() throws Exception {
        home.addBlob(DIGEST, new byte[] {4});
        Inspector inspector = store.inspector(ReadThrottle.UNBOUNDED);
        String version = inspector.verifyBlob(DIGEST).orElseThrow().version();
        assertEquals(version, inspector.verifyBlob(DIGEST).orElseThrow().version());
        home.addBlob(DIGEST, new byte[] {4, 5});
        assertNotEquals(version, inspector.verifyBlob(DIGEST).orElseThrow().version());
    }
}
