package io.ociregistry.store;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Repository;
import io.ociregistry.store.BlobStore.BlobFile;
import io.ociregistry.store.BlobStore.InterruptedDownload;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** The contract of {@link BlobStore}, {@link BlobDownload} and {@link BlobSource}. */
@ParameterizedClass
@MethodSource("io.ociregistry.store.StoreHome#factories")
class BlobStoreConformanceTest extends StoreConformance {
    private static final byte[] WRONG = "the content of a glob".getBytes(StandardCharsets.US_ASCII);
    private static final Repository OTHER = name("ghcr.io/team/app:v1").repository();
    private static final int HALF = CONTENT.length / 2;

    @Test
    void absentBlobIsNoHit() {
        assertFalse(blobs().contains(DIGEST));
        assertFalse(blobs().isVerified(DIGEST));
        assertFalse(blobs().mayContain(DIGEST, OptionalLong.empty()));
        assertTrue(blobs().size(DIGEST).isEmpty());
        assertTrue(blobs().open(DIGEST).isEmpty());
        assertTrue(blobs().file(DIGEST).isEmpty());
        assertTrue(blobs().read(DIGEST, 100).isEmpty());
        assertTrue(blobs().unreadableReason(DIGEST).isEmpty());
        assertEquals(List.of(), blobs().digests());
        assertEquals(List.of(), blobs().files());
        assertThrows(IOException.class, () -> blobs().openStream(DIGEST).close());
    }

    @Test
    void publishedBlobIsReadAfterReopen() throws IOException {
        publish(CONTENT);
        assertStored();
        reopen();
        assertStored();
        reopenReadOnly();
        assertStored();
    }

    private void assertStored() throws IOException {
        assertTrue(blobs().contains(DIGEST));
        assertTrue(blobs().isVerified(DIGEST));
        assertTrue(blobs().mayContain(DIGEST, OptionalLong.of(CONTENT.length)));
        assertEquals(OptionalLong.of(CONTENT.length), blobs().size(DIGEST));
        assertEquals(List.of(DIGEST), blobs().digests());
        assertEquals(CONTENT.length, blobs().file(DIGEST).orElseThrow().size());
        assertEquals(List.of(blobs().file(DIGEST).orElseThrow()), blobs().files());
        assertArrayEquals(CONTENT, blobs().read(DIGEST, CONTENT.length).orElseThrow());
        assertTrue(blobs().read(DIGEST, CONTENT.length - 1).isEmpty());
        try (InputStream content = blobs().openStream(DIGEST)) {
            assertArrayEquals(CONTENT, content.readAllBytes());
        }
        assertArrayEquals(CONTENT, stored(DIGEST));
        assertEquals(Set.of(), blobs().inFlight());
        assertEquals(List.of(), blobs().interrupted());
    }

    @Test
    void storedBlobIsReadFromEachPosition() throws IOException {
        publish(CONTENT);
        try (BlobSource source = blobs().open(DIGEST).orElseThrow()) {
            assertEquals(DIGEST, source.digest());
            assertEquals(OptionalLong.of(CONTENT.length), source.size());
            assertEquals(CONTENT.length, source.available());
            assertArrayEquals(Arrays.copyOfRange(CONTENT, 5, CONTENT.length), read(source, 5));
            assertEquals(-1, source.read(CONTENT.length, ByteBuffer.allocate(1)));
            AtomicInteger called = new AtomicInteger();
            source.whenReadable(BlobSource.END, called::incrementAndGet);
            assertEquals(1, called.get());
        }
    }

    @Test
    void fileRegionNamesTheBytesOfStoredBlob() throws IOException {
        publish(CONTENT);
        try (BlobSource source = blobs().open(DIGEST).orElseThrow()) {
            // A store without local files has no regions.
            if (source.fileRegion(2, 5).isPresent()) {
                BlobSource.FileRegion region = source.fileRegion(2, 5).orElseThrow();
                assertEquals(2, region.from());
                assertEquals(5, region.to());
                assertArrayEquals(CONTENT, Files.readAllBytes(Path.of(region.name())));
            }
        }
    }

    @Test
    void emptyBlobCanBePublished() throws IOException {
        Digest nothing = Digest.of(new byte[0]);
        publish(new byte[0]);
        assertArrayEquals(new byte[0], stored(nothing));
        assertTrue(blobs().mayContain(nothing, OptionalLong.empty()));
    }

    @Test
    void readerGetsBytesInFlightButNotTheLastBeforeTheDigest() throws IOException {
        BlobDownload download = blobs().startDownload(DIGEST, REPOSITORY, OptionalLong.of(CONTENT.length));
        BlobSource reader = download.reader().orElseThrow();
        assertEquals(Set.of(DIGEST), blobs().inFlight());
        assertTrue(reader.fileRegion(0, 1).isEmpty());
        assertEquals(0, reader.read(0, ByteBuffer.allocate(100)));
        append(download, CONTENT);
        assertEquals(CONTENT.length - 1, reader.read(0, ByteBuffer.allocate(100)));
        assertEquals(0, reader.read(CONTENT.length - 1, ByteBuffer.allocate(100)));
        AtomicInteger woken = new AtomicInteger();
        reader.whenReadable(CONTENT.length - 1, woken::incrementAndGet);
        assertEquals(0, woken.get());
        assertTrue(download.isComplete());
        download.verify();
        assertEquals(1, woken.get());
        blobs().publish(download);
        download.release();
        assertArrayEquals(CONTENT, read(reader, 0));
        reader.close();
        assertEquals(Set.of(), blobs().inFlight());
    }

    @Test
    void wrongDigestIsNeitherPublishedNorReadCompletely() throws IOException {
        BlobDownload download = blobs().startDownload(DIGEST, REPOSITORY, OptionalLong.of(CONTENT.length));
        BlobSource reader = download.reader().orElseThrow();
        append(download, WRONG);
        assertFalse(download.isComplete());
        RegistryException wrong = assertThrows(RegistryException.class, download::verify);
        assertEquals(ErrorCode.UPSTREAM_WRONG_CONTENT, wrong.code());
        download.fail(wrong);
        assertEquals(CONTENT.length - 1, reader.read(0, ByteBuffer.allocate(100)));
        assertThrows(RegistryException.class, () -> reader.read(CONTENT.length - 1, ByteBuffer.allocate(100)));
        reader.close();
        blobs().discard(download);
        download.release();
        assertFalse(blobs().contains(DIGEST));
        assertEquals(List.of(), blobs().interrupted());
        assertEquals(0, blobs().interruptedBytes());
    }

    @Test
    void moreBytesThanAnnouncedFail() {
        BlobDownload download = blobs().startDownload(DIGEST, REPOSITORY);
        download.expectSize(OptionalLong.of(3));
        RegistryException tooMany = assertThrows(RegistryException.class, () -> append(download, CONTENT));
        assertEquals(ErrorCode.UPSTREAM_WRONG_CONTENT, tooMany.code());
        download.forgetSize();
        append(download, CONTENT);
        download.verify();
        download.release();
    }

    @Test
    void restartedDownloadStartsAtTheFirstByte() throws IOException {
        BlobDownload download = blobs().startDownload(DIGEST, REPOSITORY);
        append(download, WRONG);
        download.restart();
        assertEquals(0, download.position());
        append(download, CONTENT);
        download.verify();
        blobs().publish(download);
        download.release();
        assertArrayEquals(CONTENT, stored(DIGEST));
    }

    @Test
    void interruptedDownloadIsResumedAfterReopen() throws IOException {
        interrupt();
        assertEquals(List.of(new InterruptedDownload(DIGEST, REPOSITORY)), blobs().interrupted());
        reopen();
        assertEquals(List.of(new InterruptedDownload(DIGEST, REPOSITORY)), blobs().interrupted());
        assertTrue(blobs().interruptedBytes() >= HALF);
        BlobDownload resumed = blobs().startDownload(DIGEST, REPOSITORY);
        assertEquals(HALF, resumed.position());
        assertTrue(resumed.recheck());
        append(resumed, Arrays.copyOfRange(CONTENT, HALF, CONTENT.length));
        resumed.verify();
        blobs().publish(resumed);
        resumed.release();
        assertArrayEquals(CONTENT, stored(DIGEST));
        assertEquals(List.of(), blobs().interrupted());
        assertEquals(0, blobs().interruptedBytes());
    }

    private void interrupt() {
        BlobDownload download = blobs().startDownload(DIGEST, REPOSITORY);
        append(download, Arrays.copyOf(CONTENT, HALF));
        download.checkpoint();
        download.release();
    }

    @Test
    void interruptedDownloadIsDiscardedOnlyIfUnwantedAndOldEnough() {
        interrupt();
        blobs().discardInterrupted(digest -> false, Instant.MAX);
        blobs().discardInterrupted(digest -> true, Instant.now().minusSeconds(3600));
        assertEquals(1, blobs().interrupted().size());
        blobs().discardInterrupted(DIGEST::equals, Instant.MAX);
        assertEquals(List.of(), blobs().interrupted());
        BlobDownload again = blobs().startDownload(DIGEST, REPOSITORY);
        assertEquals(0, again.position());
        again.release();
    }

    @Test
    void interruptedDownloadOfPublishedBlobIsDiscarded() throws IOException {
        interrupt();
        BlobDownload other = blobs().startDownload(DIGEST, OTHER);
        assertEquals(0, other.position(), "each registry has bytes of its own");
        append(other, CONTENT);
        other.verify();
        blobs().publish(other);
        other.release();
        assertEquals(List.of(), blobs().interrupted());
        assertEquals(0, blobs().interruptedBytes());
    }

    @Test
    void secondDownloadFromOneRegistryPassesThrough() {
        BlobDownload first = blobs().startDownload(DIGEST, REPOSITORY);
        BlobDownload second = blobs().startDownload(DIGEST, REPOSITORY);
        assertTrue(first.isWrittenToDisk());
        assertFalse(second.isWrittenToDisk());
        second.release();
        first.release();
        BlobDownload third = blobs().startDownload(DIGEST, REPOSITORY);
        assertTrue(third.isWrittenToDisk());
        third.release();
    }

    @Test
    void blobAboveTheQuotaPassesThrough() throws IOException {
        store.quota().setLimits(10, 10);
        assertTrue(blobs().canStore(OptionalLong.of(CONTENT.length)), "no download was refused yet");
        BlobDownload download = blobs().startDownload(DIGEST, REPOSITORY, OptionalLong.of(CONTENT.length));
        assertFalse(download.isWrittenToDisk());
        assertFalse(blobs().canStore(OptionalLong.of(CONTENT.length)));
        BlobSource reader = download.reader().orElseThrow();
        append(download, CONTENT);
        download.verify();
        assertArrayEquals(CONTENT, read(reader, 0));
        reader.close();
        download.release();
        assertFalse(blobs().contains(DIGEST));
    }

    @Test
    void publishedBytesCountInTheQuota() throws IOException {
        publish(CONTENT);
        assertEquals(CONTENT.length, store.quota().used());
        reopen();
        store.quota().setUsed(CONTENT.length);
        assertTrue(blobs().delete(blobs().file(DIGEST).orElseThrow()));
        assertEquals(0, store.quota().used());
    }

    @Test
    void rangeIsReadFromItsStart() throws IOException {
        BlobDownload range = blobs().startRange(DIGEST, CONTENT.length, HALF);
        BlobSource reader = range.reader().orElseThrow();
        append(range, Arrays.copyOfRange(CONTENT, HALF, CONTENT.length - 1));
        ByteBuffer buffer = ByteBuffer.allocate(100);
        int count = reader.read(HALF, buffer);
        assertArrayEquals(Arrays.copyOfRange(CONTENT, HALF, HALF + count), Arrays.copyOf(buffer.array(), count));
        reader.close();
        range.release();
        assertFalse(blobs().contains(DIGEST));
    }

    @Test
    void openedBlobIsDeletedOnlyAfterReopen() throws IOException {
        publish(CONTENT);
        BlobFile file = blobs().file(DIGEST).orElseThrow();
        blobs().open(DIGEST).orElseThrow().close();
        assertFalse(blobs().delete(file));
        reopen();
        assertTrue(blobs().delete(file));
        assertFalse(blobs().contains(DIGEST));
        assertTrue(blobs().open(DIGEST).isEmpty());
        assertFalse(blobs().delete(file), "it is gone");
    }

    @Test
    void blobInFlightIsNotDeleted() throws IOException {
        publish(CONTENT);
        BlobDownload download = blobs().startDownload(DIGEST, OTHER);
        assertFalse(blobs().delete(blobs().file(DIGEST).orElseThrow()));
        download.release();
        assertTrue(blobs().delete(blobs().file(DIGEST).orElseThrow()));
    }

    @Test
    void blobThatChangedIsNotDeleted() throws IOException {
        publish(CONTENT);
        BlobFile before = blobs().file(DIGEST).orElseThrow();
        home.addBlob(DIGEST, Arrays.copyOf(CONTENT, HALF));
        assertFalse(blobs().delete(before));
        assertTrue(blobs().contains(DIGEST));
    }

    @Test
    void readerSurvivesTheDeletion() throws IOException {
        publish(CONTENT);
        try (BlobSource reader = blobs().open(DIGEST).orElseThrow()) {
            home.removeBlob(DIGEST);
            assertFalse(blobs().contains(DIGEST));
            assertTrue(blobs().open(DIGEST).isEmpty());
            assertArrayEquals(CONTENT, read(reader, 0));
        }
    }

    @Test
    void blobOfAnotherProgramIsVerifiedOnce() throws IOException {
        home.addBlob(DIGEST, CONTENT);
        assertTrue(blobs().contains(DIGEST));
        assertFalse(blobs().isVerified(DIGEST));
        assertTrue(blobs().open(DIGEST).isEmpty());
        BlobDownload unverified = blobs().openUnverified(DIGEST).orElseThrow();
        BlobSource reader = unverified.reader().orElseThrow();
        blobs().verifyUnverified(unverified);
        assertArrayEquals(CONTENT, read(reader, 0));
        reader.close();
        unverified.release();
        assertStored();
        reopen();
        assertStored();
    }

    @Test
    void corruptBlobIsQuarantinedWithoutItsLastByte() throws IOException {
        home.addBlob(DIGEST, WRONG);
        assertTrue(blobs().read(DIGEST, 100).isEmpty());
        BlobDownload unverified = blobs().openUnverified(DIGEST).orElseThrow();
        BlobSource reader = unverified.reader().orElseThrow();
        RegistryException wrong = assertThrows(RegistryException.class, () -> blobs().verifyUnverified(unverified));
        unverified.fail(wrong);
        assertEquals(WRONG.length - 1, reader.read(0, ByteBuffer.allocate(100)));
        assertThrows(RegistryException.class, () -> reader.read(WRONG.length - 1, ByteBuffer.allocate(100)));
        reader.close();
        unverified.release();
        assertFalse(blobs().contains(DIGEST));
        assertTrue(blobs().openUnverified(DIGEST).isEmpty());
        reopen();
        assertFalse(blobs().contains(DIGEST));
    }

    @Test
    void blobThatChangedIsNoHit() throws IOException {
        publish(CONTENT);
        home.addBlob(DIGEST, WRONG);
        assertTrue(blobs().open(DIGEST).isEmpty());
        assertFalse(blobs().isVerified(DIGEST));
    }

    @Test
    void blobOfAnotherSizeIsNoHit() throws IOException {
        home.addBlob(DIGEST, CONTENT);
        assertTrue(blobs().mayContain(DIGEST, OptionalLong.empty()));
        assertFalse(blobs().mayContain(DIGEST, OptionalLong.of(7)));
        home.addBlob(DIGEST, new byte[0]);
        assertFalse(blobs().mayContain(DIGEST, OptionalLong.empty()), "a crash may leave an empty blob");
    }

    @Test
    void quarantinedBlobWasVerifiedAndDeletedBlobWasNot() throws IOException {
        byte[] deleted = {1, 2, 3};
        publish(CONTENT);
        publish(deleted);
        assertTrue(blobs().delete(blobs().file(Digest.of(deleted)).orElseThrow()));
        home.addBlob(DIGEST, WRONG);
        Inspector inspector = store.inspector(Inspector.ReadThrottle.UNBOUNDED);
        blobs().quarantine(verify(inspector));
        assertFalse(blobs().contains(DIGEST));
        Set<Digest> both = Set.of(DIGEST, Digest.of(deleted));
        assertEquals(Set.of(DIGEST), blobs().wereVerified(both));
        reopen();
        assertEquals(Set.of(DIGEST), blobs().wereVerified(both));
    }

    @Test
    void replacedBlobIsNotQuarantined() throws IOException {
        home.addBlob(DIGEST, WRONG);
        CorruptFile found = verify(store.inspector(Inspector.ReadThrottle.UNBOUNDED));
        home.addBlob(DIGEST, Arrays.copyOf(CONTENT, HALF));
        blobs().quarantine(found);
        assertTrue(blobs().contains(DIGEST));
    }

    private static CorruptFile verify(Inspector inspector) {
        try {
            return inspector.verifyBlob(DIGEST).orElseThrow();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void readOnlyStoreChangesNothing() throws IOException {
        publish(CONTENT);
        reopenReadOnly();
        BlobFile file = blobs().file(DIGEST).orElseThrow();
        assertFalse(blobs().delete(file));
        BlobDownload download = blobs().startDownload(Digest.of(WRONG), REPOSITORY);
        assertFalse(download.isWrittenToDisk());
        download.release();
        home.addBlob(DIGEST, WRONG);
        blobs().quarantine(verify(store.inspector(Inspector.ReadThrottle.UNBOUNDED)));
        assertFalse(blobs().contains(DIGEST), "it counts as absent");
        reopenReadOnly();
        assertTrue(blobs().contains(DIGEST), "it was not moved");
    }
}
