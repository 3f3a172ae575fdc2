package io.ociregistry.registry.archives;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.registry.archives.ArchiveUploads.Part;
import io.ociregistry.registry.archives.ArchiveUploads.Times;
import io.ociregistry.store.TemporaryFile;
import io.ociregistry.testing.Await;
import io.ociregistry.testing.TestArchive;
import io.ociregistry.testing.TestArchive.Packing;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Times and limits of uploads. */
@Timeout(30)
class ArchiveUploadsTest {
    private static final Duration LONG = Duration.ofHours(1);
    private static final byte[] TAR =
            new TestArchive().file("a", TestArchive.random(1, 5000)).tar(Packing.PLAIN);

    @TempDir
    Path dir;

    private ArchiveUploads uploads = new ArchiveUploads(this::file, new Times(LONG, LONG));

    @AfterEach
    void close() {
        uploads.close();
    }

    @Test
    void interruptedUploadIsDeletedAfterItsTime() throws Exception {
        uploads = new ArchiveUploads(this::file, new Times(Duration.ofMillis(1), LONG));
        assertBreaksOff(TAR, 1000);
        Await.until("no file", () -> files() == 0);
        assertEquals(List.of(), uploads.list());
    }

    @Test
    void newUploadReplacesTheOldestInterruptedOne() throws Exception {
        byte[] second = TestArchive.random(2, 5000);
        assertBreaksOff(TAR, 1000);
        assertBreaksOff(second, 1000);
        assertBreaksOff(TestArchive.random(3, 5000), 1000);
        assertEquals(2, files());
        assertEquals(Digest.of(second).toString(), uploads.list().get(0).upload());
    }

    @Test
    void requestReplacesSilentOneOfTheSameUpload() throws Exception {
        uploads = new ArchiveUploads(this::file, new Times(LONG, Duration.ZERO));
        try (PipedOutputStream client = new PipedOutputStream();
                InputStream silent = new PipedInputStream(client)) {
            CompletableFuture<ArchiveUploads.Received> first =
                    CompletableFuture.supplyAsync(() -> uploads.receive(part(TAR, 0), () -> silent));
            client.write(TAR, 0, 1000);
            client.flush();
            Await.until("1000 bytes", () -> uploads.list().stream().anyMatch(upload -> upload.bytes() == 1000));
            try (ArchiveUploads.Received received =
                    uploads.receive(part(TAR, 1000), () -> new ByteArrayInputStream(TAR, 1000, TAR.length - 1000))) {
                client.write(TAR, 1000, 500);
                client.flush();
                CompletionException failed =
                        assertThrows(CompletionException.class, () -> first.orTimeout(20, TimeUnit.SECONDS)
                                .join());
                assertTrue(String.valueOf(failed.getMessage()).contains("another request"), failed::toString);
                assertEquals(TAR.length, Files.size(received.archive().path()));
            }
        }
        assertEquals(0, files());
    }

    @Test
    void postponedArchiveNeedsNoByteMore() throws Exception {
        ArchiveUploads.Received received = uploads.receive(part(TAR, 0), () -> new ByteArrayInputStream(TAR));
        RegistryException busy = assertThrows(
                RegistryException.class, () -> uploads.receive(part(TAR, TAR.length), InputStream::nullInputStream));
        assertEquals(ErrorCode.OVERLOADED, busy.code());
        received.postpone();
        uploads.receive(part(TAR, TAR.length), InputStream::nullInputStream).close();
        assertEquals(0, files());
    }

    private void assertBreaksOff(byte[] archive, int after) {
        byte[] start = Arrays.copyOf(archive, after);
        RegistryException broken = assertThrows(
                RegistryException.class,
                () -> uploads.receive(part(archive, 0), () -> new ByteArrayInputStream(start)));
        assertTrue(broken.getMessage().contains("continue at offset " + after), broken.getMessage());
    }

    private static Part part(byte[] archive, int offset) {
        return new Part(
                Optional.of(Digest.of(archive)), offset, OptionalLong.of(archive.length - offset), "images.tar");
    }

    private long files() throws IOException {
        try (Stream<Path> files = Files.list(dir)) {
            return files.count();
        }
    }

    private TemporaryFile file(String purpose) throws IOException {
        return new PlainFile(Files.createTempFile(dir, purpose, ""));
    }

    /** A file without a quota. */
    private record PlainFile(Path file) implements TemporaryFile {
        @Override
        public String path() {
            return file.toString();
        }

        @Override
        public long size() {
            return file.toFile().length();
        }

        @Override
        public void reserve(long bytes) {}

        @Override
        public void append(ByteBuffer bytes) throws IOException {
            byte[] more = new byte[bytes.remaining()];
            bytes.get(more);
            Files.write(file, more, StandardOpenOption.APPEND);
        }

        @Override
        public void close() {
            file.toFile().delete();
        }
    }
}
