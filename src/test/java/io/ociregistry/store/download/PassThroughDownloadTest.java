package io.ociregistry.store.download;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.store.BlobSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Pass-through downloads, whose bytes are not stored on disk (ADR 9). */
@Timeout(30)
class PassThroughDownloadTest {
    private static final Duration LONG = Duration.ofSeconds(60);
    private static final byte[] CONTENT = content();
    private static final Digest DIGEST = Digest.of(CONTENT);

    private final ExecutorService receiver = Executors.newSingleThreadExecutor();
    private LocalDownload download;

    @BeforeEach
    void start() {
        start(LONG);
    }

    @AfterEach
    void stop() {
        receiver.shutdownNow();
    }

    @Test
    void downloadWaitsForItsSlowestReader() throws Exception {
        BlobSource fast = reader();
        BlobSource slow = reader();
        Future<?> received = receive();
        read(fast, 0, PassThroughBuffer.SIZE);
        assertEquals(PassThroughBuffer.SIZE, fast.available(), "the slow reader still needs the whole buffer");

        read(slow, 0, 100);
        assertArrayEquals(slice(PassThroughBuffer.SIZE, 100), read(fast, PassThroughBuffer.SIZE, 100));
        slow.close();
        int from = PassThroughBuffer.SIZE + 100;
        assertArrayEquals(slice(from, CONTENT.length - from), read(fast, from, CONTENT.length - from));
        received.get();
        assertEquals(-1, fast.read(CONTENT.length, ByteBuffer.allocate(1)));
        assertFalse(download.isWrittenToDisk());
    }

    @Test
    void readerThatReadsNothingIsDropped() throws Exception {
        start(Duration.ofMillis(50));
        BlobSource fast = reader();
        BlobSource still = reader();
        Future<?> received = receive();
        assertArrayEquals(CONTENT, read(fast, 0, CONTENT.length));
        received.get();
        RegistryException dropped = assertThrows(RegistryException.class, () -> still.read(0, ByteBuffer.allocate(1)));
        assertEquals(ErrorCode.STORE_FAILED, dropped.code());
    }

    @Test
    void lateReaderCanNotJoin() throws Exception {
        BlobSource early = reader();
        reader().close();
        Future<?> received = receive();
        read(early, 0, PassThroughBuffer.SIZE + 1);
        assertTrue(download.reader().isEmpty(), "the first bytes are discarded");
        read(early, PassThroughBuffer.SIZE + 1, CONTENT.length - PassThroughBuffer.SIZE - 1);
        received.get();
        assertTrue(download.reader().isEmpty(), "the first bytes stay discarded");
    }

    @Test
    void readingDiscardedBytesFails() throws Exception {
        BlobSource reader = reader();
        Future<?> received = receive();
        read(reader, 0, CONTENT.length);
        received.get();
        RegistryException gone = assertThrows(RegistryException.class, () -> reader.read(0, ByteBuffer.allocate(1)));
        assertEquals(ErrorCode.STORE_FAILED, gone.code());
    }

    @Test
    void downloadWithoutReadersFails() {
        reader().whenReadable(BlobSource.END, () -> {});
        RegistryException abandoned =
                assertThrows(RegistryException.class, () -> download.append(ByteBuffer.wrap(CONTENT)));
        assertEquals(ErrorCode.STORE_FAILED, abandoned.code());
        assertTrue(download.reader().isEmpty(), "a later client needs another download");
    }

    @Test
    void readerOfLaterRangeDelaysNoDownload() throws Exception {
        BlobSource reader = reader();
        Future<?> received = receive();
        int from = CONTENT.length - 10;
        assertArrayEquals(slice(from, 10), read(reader, from, 10));
        received.get();
    }

    @Test
    void waitForReadersCanBeInterrupted() throws Exception {
        BlobSource reader = reader();
        Future<?> received = receive();
        read(reader, 0, PassThroughBuffer.SIZE);
        receiver.shutdownNow();
        var stopped = assertThrows(java.util.concurrent.ExecutionException.class, received::get);
        assertEquals(ErrorCode.OVERLOADED, ((RegistryException) stopped.getCause()).code());
    }

    @Test
    void lastByteOfPartIsReadable() throws Exception {
        LocalDownload part = LocalDownload.range(DIGEST, CONTENT.length, 1000, LONG);
        BlobSource reader = part.reader().orElseThrow();
        part.append(ByteBuffer.wrap(CONTENT, 1000, 50));
        assertArrayEquals(slice(1000, 50), read(reader, 1000, 50));
        assertEquals(1050, part.position());
        part.release();
    }

    private void start(Duration patience) {
        download = LocalDownload.passThrough(DIGEST, patience);
        download.expectSize(OptionalLong.of(CONTENT.length));
    }

    private BlobSource reader() {
        return download.reader().orElseThrow();
    }

    private Future<?> receive() {
        return receiver.submit(() -> {
            for (int position = 0; position < CONTENT.length; position += 50_000) {
                download.append(ByteBuffer.wrap(CONTENT, position, Math.min(50_000, CONTENT.length - position)));
            }
            download.verify();
            download.release();
        });
    }

    private static byte[] read(BlobSource source, long from, int count) throws IOException, InterruptedException {
        ByteBuffer all = ByteBuffer.allocate(count);
        while (all.hasRemaining()) {
            if (source.read(from + all.position(), all) == 0) {
                CountDownLatch more = new CountDownLatch(1);
                source.whenReadable(from + all.position(), more::countDown);
                more.await();
            }
        }
        return all.array();
    }

    private static byte[] slice(int from, int count) {
        return Arrays.copyOfRange(CONTENT, from, from + count);
    }

    private static byte[] content() {
        byte[] bytes = new byte[5 * PassThroughBuffer.SIZE + 17];
        new Random(1).nextBytes(bytes);
        return bytes;
    }
}
