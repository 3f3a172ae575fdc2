package io.ociregistry.registry.blob;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.config.ServerConfig;
import io.ociregistry.config.ServerKeys;
import io.ociregistry.config.model.UpstreamConfig;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.Repository;
import io.ociregistry.registry.blob.BlobAccess.BlobKey;
import io.ociregistry.registry.index.ContentIndex;
import io.ociregistry.registry.index.ImageNames;
import io.ociregistry.registry.policy.RuntimeConfig;
import io.ociregistry.store.BlobDownload;
import io.ociregistry.store.BlobSource;
import io.ociregistry.store.ConfirmedLink;
import io.ociregistry.store.ManifestRecord;
import io.ociregistry.store.ManifestSummary;
import io.ociregistry.store.RecordedReference;
import io.ociregistry.store.blob.DiskBlobStore;
import io.ociregistry.store.blob.DiskLinkStore;
import io.ociregistry.store.disk.Layout;
import io.ociregistry.testing.Blobs;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Records;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The decisions for a configured registry, and for an unlisted one that names the same blob. */
class BlobAccessTest {
    private static final Repository CONFIGURED =
            ImageReference.parse("configured.example/app:1").repository();
    private static final Repository UNLISTED =
            ImageReference.parse("unlisted.example/app:1").repository();

    @TempDir
    Path root;

    private final FakeUpstream upstream = FakeUpstream.start();
    private final FakeImage image = upstream.image("app", "1").layer(1000).push();
    private final Digest layer = image.layer(0);
    private final ContentIndex index = new ContentIndex(false);
    private final Downloads downloads = new Downloads();
    private DiskBlobStore store;
    private BlobAccess access;

    @BeforeEach
    void open() throws IOException {
        Layout layout = new Layout(root);
        layout.create();
        store = Blobs.in(layout);
        ServerConfig config = ServerConfig.defaults()
                .with(
                        ServerKeys.REGISTRIES,
                        List.of(UpstreamConfig.of(CONFIGURED.registry().toString())));
        RuntimeConfig runtime = RuntimeConfig.of(config);
        access = new BlobAccess(
                index,
                new DiskLinkStore(layout),
                store,
                downloads,
                runtime::trust,
                new ImageNames(index, Records.in(layout)));
    }

    @AfterEach
    void close() {
        upstream.close();
    }

    @Test
    void unknownBlobIsFetched() {
        assertEquals(new Decision.Fetch(), access.decide(CONFIGURED, layer));
        assertEquals(new Decision.Fetch(), access.decide(UNLISTED, layer));
    }

    @Test
    void manifestIsRefused() {
        addManifest(CONFIGURED);
        assertInstanceOf(Decision.Refuse.class, access.decide(CONFIGURED, image.digest()));
    }

    @Test
    void blobInAManifestIsShownUntilAnotherRegistryConfirmsIt() {
        addManifest(UNLISTED);
        assertEquals(new Decision.Stored(), access.decide(UNLISTED, layer));
        index.confirmBlob(new ConfirmedLink(CONFIGURED, layer, false));
        assertEquals(new Decision.Fetch(), access.decide(UNLISTED, layer));
        assertEquals(new Decision.Stored(), access.decide(CONFIGURED, layer));
    }

    @Test
    void storedBlobIsConfirmedOnlyByATrustedRegistry() throws IOException {
        publish();
        assertEquals(new Decision.Confirm(true), access.decide(CONFIGURED, layer));
        assertEquals(new Decision.Fetch(), access.decide(UNLISTED, layer));
        Repository other = ImageReference.parse("third.example/app:1").repository();
        index.confirmBlob(new ConfirmedLink(other, layer, true));
        assertEquals(new Decision.Confirm(true), access.decide(UNLISTED, layer));
    }

    @Test
    void downloadIsJoinedAfterAConfirmationUnlessItIsForTheSameRepository() {
        CompletableFuture<Optional<BlobDownload>> started = new CompletableFuture<>();
        downloads.join(Downloads.Key.of(UNLISTED, layer), task -> {}, receiver(started));
        assertEquals(new Decision.Confirm(false), access.decide(UNLISTED, layer));
        assertEquals(new Decision.Fetch(), access.decide(CONFIGURED, layer));
        access.started(new BlobKey(UNLISTED, layer));
        assertEquals(new Decision.Join(false), access.decide(UNLISTED, layer));
        Repository neighbour = ImageReference.parse("unlisted.example/other:1").repository();
        assertEquals(new Decision.Confirm(false), access.decide(neighbour, layer));
        access.ended(new BlobKey(UNLISTED, layer));
        assertEquals(new Decision.Confirm(false), access.decide(UNLISTED, layer));
    }

    @Test
    void storedBlobIsOpenedOnlyAsTheDecisionAllows() throws IOException {
        publish();
        assertTrue(access.openLinked(CONFIGURED, layer).isEmpty(), "the upstream has not confirmed the blob");
        assertTrue(access.openConfirmed(UNLISTED, layer).isEmpty(), "the answer of the registry is not trusted");
        close(access.openConfirmed(CONFIGURED, layer));
        access.confirmedByHead(new BlobKey(UNLISTED, layer));
        assertTrue(access.openLinked(UNLISTED, layer).isEmpty());
        access.confirmedByHead(new BlobKey(CONFIGURED, layer));
        close(access.openLinked(CONFIGURED, layer));
    }

    private static void close(Optional<BlobSource> opened) {
        opened.orElseThrow().close();
    }

    private static Downloads.Receiver receiver(CompletableFuture<Optional<BlobDownload>> started) {
        return new Downloads.Receiver() {
            @Override
            public Optional<BlobSource> stored() {
                return Optional.empty();
            }

            @Override
            public void run(CompletableFuture<Optional<BlobDownload>> ignored) {
                started.join();
            }
        };
    }

    private void addManifest(Repository repository) {
        Manifest manifest = Manifest.parse(image.manifest(), image.mediaType());
        Instant now = Instant.EPOCH;
        ImageReference name = new ImageReference(repository, manifest.digest());
        index.add(
                ManifestSummary.of(new ManifestRecord(manifest, List.of(new RecordedReference(name, now, now, now)))));
    }

    private void publish() throws IOException {
        BlobDownload download = store.startDownload(layer, CONFIGURED);
        download.append(ByteBuffer.wrap(image.layerBytes(0)));
        download.verify();
        store.publish(download);
        download.release();
    }
}
