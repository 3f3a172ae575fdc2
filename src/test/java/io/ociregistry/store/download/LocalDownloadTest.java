package io.ociregistry.store.download;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.oci.Repository;
import io.ociregistry.store.BlobDownload;
import io.ociregistry.store.BlobSource;
import io.ociregistry.store.blob.DiskBlobStore;
import io.ociregistry.store.disk.Layout;
import io.ociregistry.testing.Blobs;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalDownloadTest {
    private static final byte[] CONTENT = "the content of a blob".getBytes(StandardCharsets.US_ASCII);
    private static final Repository SOURCE = new Repository(RegistryName.parse("r.example:5000"), "team/app");
    private static final Digest DIGEST = Digest.of(CONTENT);

    @TempDir
    Path root;

    private DiskBlobStore store;

    @BeforeEach
    void open() throws IOException {
        Layout layout = new Layout(root);
        layout.create();
        store = Blobs.in(layout);
    }

    @Test
    void lastByteIsWithheldUntilDigestIsVerified() throws IOException {
        BlobDownload download = start(DIGEST, OptionalLong.of(CONTENT.length));
        BlobSource reader = download.reader().orElseThrow();
        download.append(ByteBuffer.wrap(CONTENT));

        assertEquals(CONTENT.length - 1, readAll(reader, 0).length);
        assertEquals(
                0, reader.read(CONTENT.length - 1, ByteBuffer.allocate(10)), "all bytes arrived, but are not verified");

        download.verify();
        assertArrayEquals(CONTENT, readAll(reader, 0));
        assertEquals(-1, reader.read(CONTENT.length, ByteBuffer.allocate(10)));
    }

    @Test
    void lastByteIsWithheldIfSizeIsUnknown() throws IOException {
        BlobDownload download = start(DIGEST, OptionalLong.empty());
        BlobSource reader = download.reader().orElseThrow();
        download.append(ByteBuffer.wrap(CONTENT, 0, 5));
        assertEquals(4, readAll(reader, 0).length);
        download.append(ByteBuffer.wrap(CONTENT, 5, CONTENT.length - 5));
        assertEquals(CONTENT.length - 1, readAll(reader, 0).length);
        download.verify();
        assertEquals(OptionalLong.of(CONTENT.length), reader.size());
        assertEquals(CONTENT.length, readAll(reader, 0).length);
    }

    @Test
    void wrongBytesAreNeverReadToTheEnd() throws IOException {
        byte[] wrong = CONTENT.clone();
        wrong[wrong.length - 1] ^= 1;
        BlobDownload download = start(DIGEST, OptionalLong.of(CONTENT.length));
        BlobSource reader = download.reader().orElseThrow();
        download.append(ByteBuffer.wrap(wrong));

        RegistryException mismatch = assertThrows(RegistryException.class, download::verify);
        assertEquals(ErrorCode.UPSTREAM_WRONG_CONTENT, mismatch.code());
        download.fail(mismatch);

        assertEquals(CONTENT.length - 1, readOnce(reader));
        assertThrows(RegistryException.class, () -> reader.read(CONTENT.length - 1, ByteBuffer.allocate(10)));
    }

    @Test
    void moreBytesThanAnnouncedAreRejected() throws IOException {
        BlobDownload download = start(DIGEST, OptionalLong.of(3));
        RegistryException tooMuch =
                assertThrows(RegistryException.class, () -> download.append(ByteBuffer.wrap(CONTENT)));
        assertEquals(ErrorCode.UPSTREAM_WRONG_CONTENT, tooMuch.code());
        assertEquals(0, download.position());
    }

    @Test
    void waitingReaderIsWokenWhenBytesAreReadable() throws IOException {
        BlobDownload download = start(DIGEST, OptionalLong.of(CONTENT.length));
        BlobSource reader = download.reader().orElseThrow();
        AtomicInteger early = new AtomicInteger();
        AtomicInteger late = new AtomicInteger();
        reader.whenReadable(0, early::incrementAndGet);
        reader.whenReadable(CONTENT.length - 1, late::incrementAndGet);

        download.append(ByteBuffer.wrap(CONTENT, 0, CONTENT.length - 1));
        assertEquals(1, early.get());
        download.append(ByteBuffer.wrap(CONTENT, CONTENT.length - 1, 1));
        assertEquals(0, late.get(), "the last byte is not readable yet");
        download.verify();
        assertEquals(1, late.get());
        reader.whenReadable(3, early::incrementAndGet);
        assertEquals(2, early.get(), "readable bytes call back at once");
    }

    @Test
    void failureWakesAllReaders() throws IOException {
        BlobDownload download = start(DIGEST, OptionalLong.empty());
        BlobSource reader = download.reader().orElseThrow();
        AtomicInteger woken = new AtomicInteger();
        reader.whenReadable(0, woken::incrementAndGet);
        download.fail(new RegistryException(ErrorCode.UPSTREAM_TIMEOUT, "slow"));
        assertEquals(1, woken.get());
        assertThrows(RegistryException.class, () -> reader.read(0, ByteBuffer.allocate(1)));
    }

    @Test
    void restartFailsOnlyReadersThatReadWrongBytes() throws IOException {
        BlobDownload download = start(DIGEST, OptionalLong.of(CONTENT.length));
        BlobSource misled = download.reader().orElseThrow();
        BlobSource unaffected = download.reader().orElseThrow();
        download.append(ByteBuffer.wrap("wrong".getBytes(StandardCharsets.US_ASCII)));
        misled.read(0, ByteBuffer.allocate(3));

        download.restart();
        download.append(ByteBuffer.wrap(CONTENT));
        download.verify();

        assertThrows(RegistryException.class, () -> misled.read(3, ByteBuffer.allocate(3)));
        assertArrayEquals(CONTENT, readAll(unaffected, 0));
    }

    @Test
    void publishingStoresBlobAndKeepsReadersOpen() throws IOException {
        BlobDownload download = start(DIGEST, OptionalLong.of(CONTENT.length));
        BlobSource reader = download.reader().orElseThrow();
        download.append(ByteBuffer.wrap(CONTENT));
        download.verify();
        assertTrue(store.open(DIGEST).isEmpty(), "verified, but not published");
        store.publish(download);
        download.release();

        assertArrayEquals(CONTENT, readAll(reader, 0));
        try (BlobSource stored = store.open(DIGEST).orElseThrow()) {
            assertArrayEquals(CONTENT, readAll(stored, 0));
        }
        assertFalse(Files.exists(root.resolve("partial").resolve(DIGEST.hex() + "@r.example:5000")));
    }

    @Test
    void noReaderCanJoinAfterAllHaveLeft() throws IOException {
        BlobDownload download = start(DIGEST, OptionalLong.empty());
        BlobSource reader = download.reader().orElseThrow();
        download.release();
        BlobSource late = download.reader().orElseThrow();
        reader.close();
        reader.close();
        assertTrue(
                download.reader().map(LocalDownloadTest::closed).isPresent(),
                "closing twice counts once, and one reader is left");
        late.close();
        assertTrue(download.reader().isEmpty());
    }

    @Test
    void partialFileIsResumedAtItsLastCheckpoint() throws IOException {
        BlobDownload first = start(DIGEST, OptionalLong.of(CONTENT.length));
        first.append(ByteBuffer.wrap(CONTENT, 0, 7));
        first.checkpoint();
        first.append(ByteBuffer.wrap(CONTENT, 7, 2));
        first.release();

        BlobDownload second = start(DIGEST, OptionalLong.of(CONTENT.length));
        assertEquals(7, second.position());
        BlobSource reader = second.reader().orElseThrow();
        assertEquals(0, reader.read(0, ByteBuffer.allocate(10)), "the checkpoint is not verified yet");
        assertTrue(second.recheck());
        assertEquals(7, readAll(reader, 0).length);
        second.append(ByteBuffer.wrap(CONTENT, 7, CONTENT.length - 7));
        second.verify();
        assertArrayEquals(CONTENT, readAll(second.reader().orElseThrow(), 0));
    }

    @Test
    void readerOfBlobThatArrivesAtOnceIsWokenOnce() throws IOException {
        BlobDownload download = start(DIGEST, OptionalLong.of(CONTENT.length));
        BlobSource reader = download.reader().orElseThrow();
        AtomicInteger wakes = new AtomicInteger();
        reader.whenReadable(0, wakes::incrementAndGet);
        download.append(ByteBuffer.wrap(CONTENT));
        assertEquals(0, wakes.get(), "the digest is not verified yet");
        download.verify();
        assertEquals(1, wakes.get());
        assertArrayEquals(CONTENT, readAll(reader, 0));
    }

    @Test
    void emptyBlobHasAnEnd() throws IOException {
        BlobDownload download = start(Digest.of(new byte[0]), OptionalLong.of(0));
        BlobSource reader = download.reader().orElseThrow();
        assertEquals(0, reader.read(0, ByteBuffer.allocate(1)));
        download.verify();
        assertEquals(-1, reader.read(0, ByteBuffer.allocate(1)));
    }

    private BlobDownload start(Digest digest, OptionalLong size) throws IOException {
        BlobDownload download = store.startDownload(digest, SOURCE);
        download.expectSize(size);
        return download;
    }

    private static byte[] readAll(BlobSource source, long from) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(1000);
        int count;
        do {
            count = source.read(from + buffer.position(), buffer);
        } while (count > 0);
        byte[] bytes = new byte[buffer.position()];
        buffer.flip().get(bytes);
        return bytes;
    }

    private static BlobSource closed(BlobSource reader) {
        reader.close();
        return reader;
    }

    private static int readOnce(BlobSource source) throws IOException {
        return source.read(0, ByteBuffer.allocate(1000));
    }
}
