package io.ociregistry.store.blob;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.oci.Repository;
import io.ociregistry.store.BlobDownload;
import io.ociregistry.store.BlobSource;
import io.ociregistry.store.BlobStore.InterruptedDownload;
import io.ociregistry.store.disk.Layout;
import io.ociregistry.testing.Blobs;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class DiskBlobStoreTest {
    private static final byte[] CONTENT = "the content of a blob".getBytes(StandardCharsets.US_ASCII);
    private static final Repository SOURCE = new Repository(RegistryName.parse("[::1]:5000"), "team/app");
    private static final Digest DIGEST = Digest.of(CONTENT);

    @TempDir
    Path root;

    private Layout layout;
    private DiskBlobStore store;
    private Path file;

    @BeforeEach
    void open() throws IOException {
        layout = new Layout(root);
        layout.create();
        store = Blobs.in(layout);
        file = layout.blob(DIGEST);
    }

    @Test
    void corruptFileIsQuarantinedAndItsLastByteWithheld() throws IOException {
        byte[] wrong = CONTENT.clone();
        wrong[3]++;
        copyIn(wrong, 61);
        BlobDownload unverified = store.openUnverified(DIGEST).orElseThrow();
        BlobSource reader = unverified.reader().orElseThrow();
        RegistryException e = assertThrows(RegistryException.class, () -> store.verifyUnverified(unverified));
        unverified.fail(e);

        assertEquals(CONTENT.length - 1, reader.read(0, ByteBuffer.allocate(100)));
        assertThrows(RegistryException.class, () -> reader.read(CONTENT.length - 1, ByteBuffer.allocate(100)));
        assertFalse(store.contains(DIGEST));
        assertTrue(store.open(DIGEST).isEmpty());
        assertTrue(Blobs.in(layout).openUnverified(DIGEST).isEmpty());
        try (var corrupt = Files.list(layout.corrupt())) {
            assertEquals(2, corrupt.count(), "the file and its reason");
        }
        reader.close();
        unverified.release();
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 30, 55, -3600})
    void fileThatMayStillBeGrowingIsNotQuarantined(long age) throws IOException {
        copyIn(Arrays.copyOf(CONTENT, 7), age);
        assertTrue(store.open(DIGEST).isEmpty());
        assertFalse(store.mayContain(DIGEST, OptionalLong.of(CONTENT.length)), "so it is fetched");
        BlobDownload unverified = store.openUnverified(DIGEST).orElseThrow();
        assertThrows(RegistryException.class, () -> store.verifyUnverified(unverified));
        unverified.release();
        assertTrue(Files.exists(file));
        Files.write(file, CONTENT);
        assertTrue(store.mayContain(DIGEST, OptionalLong.of(CONTENT.length)));
    }

    @Test
    void fileOfUnexpectedSizeIsNoHitButStays() throws IOException {
        copyIn(CONTENT, 61);
        assertTrue(store.mayContain(DIGEST, OptionalLong.empty()));
        assertFalse(store.mayContain(DIGEST, OptionalLong.of(7)));
        assertTrue(Files.exists(file), "the expected size may be wrong");
    }

    @Test
    void partialFilesAreListedAsInterrupted() throws IOException {
        Digest sha512 = Digest.of(Digest.Algorithm.SHA512, CONTENT);
        Repository other = new Repository(RegistryName.parse("quay.io"), "team/other");
        interrupt(DIGEST, SOURCE);
        interrupt(DIGEST, other);
        interrupt(sha512, other);
        BlobDownload arriving = store.startDownload(Digest.of(new byte[0]), other);
        Files.createFile(layout.partial(Digest.of(new byte[1]), other.registry()));
        for (String name :
                new String[] {DIGEST.hex(), "x.1.tmp", ".hidden", "garbage", "@", "a@b", DIGEST.hex() + "@"}) {
            Files.createFile(layout.partials().resolve(name));
        }
        assertEquals(
                Set.of(
                        new InterruptedDownload(DIGEST, SOURCE),
                        new InterruptedDownload(DIGEST, other),
                        new InterruptedDownload(sha512, other)),
                Set.copyOf(store.interrupted()));
        arriving.release();
    }

    private void interrupt(Digest digest, Repository source) throws IOException {
        BlobDownload download = store.startDownload(digest, source);
        download.append(ByteBuffer.wrap(CONTENT, 0, 6));
        download.checkpoint();
        download.release();
    }

    @ParameterizedTest
    @ValueSource(strings = {"the c", "The content of a blob"})
    void fileRewrittenAfterVerificationIsVerifiedAgain(String content) throws IOException {
        publish(CONTENT);
        Files.writeString(file, content);
        age(61);
        assertTrue(store.open(DIGEST).isEmpty());
        assertRefused();
    }

    @Test
    void fileWithSameTimeButOtherFileKeyIsVerifiedAgain() throws IOException {
        publish(CONTENT);
        FileTime time = Files.getLastModifiedTime(file);
        Path other = Files.write(root.resolve("other-file"), new byte[CONTENT.length]);
        Files.setLastModifiedTime(other, time);
        Files.move(other, file, StandardCopyOption.REPLACE_EXISTING);
        assertTrue(store.open(DIGEST).isEmpty());
    }

    @Test
    void bytesAppendedDuringVerificationAreNotVerified() throws IOException {
        copyIn(CONTENT, 61);
        BlobDownload unverified = store.openUnverified(DIGEST).orElseThrow();
        Files.write(file, new byte[] {1, 2, 3}, StandardOpenOption.APPEND);
        checkAndRelease(unverified);
        assertTrue(store.open(DIGEST).isEmpty(), "its last three bytes were not hashed");
    }

    @Test
    void fileThatReplacesAnotherDuringVerificationIsNotVerified() throws IOException {
        copyIn(CONTENT, 61);
        BlobDownload unverified = store.openUnverified(DIGEST).orElseThrow();
        Path other = Files.write(root.resolve("other-file"), new byte[CONTENT.length]);
        Files.move(other, file, StandardCopyOption.REPLACE_EXISTING);
        age(61);
        checkAndRelease(unverified);
        assertTrue(store.open(DIGEST).isEmpty(), "this file was not hashed");
    }

    @Test
    void publishingReplacesExistingFile() throws IOException {
        copyIn(new byte[] {1, 2, 3}, 61);
        publish(CONTENT);
        assertStored(store);
    }

    @Test
    void readerOfReplacedOrDeletedFileReadsOn() throws IOException {
        publish(CONTENT);
        try (BlobSource reader = store.open(DIGEST).orElseThrow()) {
            publish(CONTENT);
            Files.delete(file);
            assertArrayEquals(CONTENT, readAll(reader));
        }
        assertTrue(store.open(DIGEST).isEmpty());
        assertFalse(store.contains(DIGEST));
    }

    @Test
    void fileTruncatedUnderItsReaderIsAnError() throws IOException {
        BlobDownload download = store.startDownload(DIGEST, SOURCE);
        try (BlobSource reader = download.reader().orElseThrow()) {
            download.append(ByteBuffer.wrap(CONTENT));
            Files.write(layout.partial(DIGEST, SOURCE.registry()), new byte[0]);
            assertThrows(IOException.class, () -> reader.read(5, ByteBuffer.allocate(10)));
        }
        download.release();
        publish(CONTENT);
        try (BlobSource reader = store.open(DIGEST).orElseThrow()) {
            Files.write(file, new byte[0]);
            assertThrows(IOException.class, () -> reader.read(5, ByteBuffer.allocate(10)));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "\n", "garbage", "\n\n \n", "a b\nc", "\u0000\u0001\u0002", "one two three four five six\n"})
    void garbageInVerifiedIndexCostsOneVerification(String garbage) throws IOException {
        publish(CONTENT);
        Files.writeString(layout.verifiedIndex(), garbage);
        assertTrue(Blobs.in(layout).open(DIGEST).isEmpty());
        Files.writeString(layout.verifiedIndex(), DIGEST.hex() + " " + garbage);
        assertTrue(Blobs.in(layout).open(DIGEST).isEmpty());
        Files.write(layout.verifiedIndex(), new byte[] {(byte) 0xff, (byte) 0xc0, '\n', ' '});
        DiskBlobStore reopened = Blobs.in(layout);
        age(61);
        BlobDownload unverified = reopened.openUnverified(DIGEST).orElseThrow();
        reopened.verifyUnverified(unverified);
        unverified.release();
        assertStored(reopened);
    }

    @Test
    void missingVerifiedIndexIsNoError() throws IOException {
        publish(CONTENT);
        Files.delete(layout.verifiedIndex());
        assertTrue(Blobs.in(layout).open(DIGEST).isEmpty());
    }

    @Test
    void directoryIsNoBlob() throws IOException {
        Files.createDirectory(file);
        age(61);
        assertFalse(store.contains(DIGEST));
        assertEquals(OptionalLong.empty(), store.size(DIGEST));
        assertTrue(store.open(DIGEST).isEmpty());
    }

    @Test
    void smallBlobGetsCheckpointsFileOnlyWithItsFirstCheckpoint() throws IOException {
        BlobDownload download = store.startDownload(DIGEST, SOURCE, OptionalLong.of(CONTENT.length));
        Path checkpoints = Layout.checkpoints(layout.partial(DIGEST, SOURCE.registry()));
        download.append(ByteBuffer.wrap(CONTENT, 0, 6));
        assertFalse(Files.exists(checkpoints));

        download.checkpoint();
        download.release();
        assertEquals(List.of(new InterruptedDownload(DIGEST, SOURCE)), store.interrupted());
        BlobDownload resumed = store.startDownload(DIGEST, SOURCE, OptionalLong.of(CONTENT.length));
        assertEquals(6, resumed.position());
        assertTrue(resumed.recheck());
        resumed.append(ByteBuffer.wrap(CONTENT, 6, CONTENT.length - 6));
        resumed.verify();
        store.publish(resumed);
        resumed.release();
        assertFalse(Files.exists(checkpoints));
    }

    @Test
    void largeBlobGetsCheckpointsFileAtItsStart() throws IOException {
        BlobDownload download = store.startDownload(DIGEST, SOURCE, OptionalLong.of(2 << 20));
        download.release();
        assertEquals(List.of(new InterruptedDownload(DIGEST, SOURCE)), store.interrupted());
    }

    @Test
    void checkpointIsWrittenWhileTheBlobArrives() throws IOException {
        byte[] content = new byte[(16 << 20) + 5];
        new Random(7).nextBytes(content);
        Digest digest = Digest.of(content);
        BlobDownload download = store.startDownload(digest, SOURCE, OptionalLong.of(content.length));
        for (int from = 0; from < 16 << 20; from += 1 << 17) {
            download.append(ByteBuffer.wrap(content, from, 1 << 17));
        }
        Path checkpoints = Layout.checkpoints(layout.partial(digest, SOURCE.registry()));
        while (!Files.readString(checkpoints).contains("16777216 ")) {
            Thread.onSpinWait();
        }
        BlobDownload resumed = Blobs.in(layout).startDownload(digest, SOURCE, OptionalLong.of(content.length));
        assertEquals(16 << 20, resumed.position());
        assertTrue(resumed.recheck());
        resumed.append(ByteBuffer.wrap(content, 16 << 20, 5));
        resumed.verify();
        resumed.release();
        download.release();
    }

    @Test
    void registryWithLongNameHasPartialFiles() throws IOException {
        Digest sha512 = Digest.of(Digest.Algorithm.SHA512, CONTENT);
        String host = String.join(".", List.of("a".repeat(63), "b".repeat(63), "c".repeat(63), "d".repeat(61)));
        Repository one = new Repository(RegistryName.parse(host + ":5000"), "team/app");
        Repository other = new Repository(RegistryName.parse(host + ":5001"), "team/app");
        interrupt(sha512, one);
        interrupt(sha512, other);
        assertEquals(
                Set.of(new InterruptedDownload(sha512, one), new InterruptedDownload(sha512, other)),
                Set.copyOf(store.interrupted()));
        try (var files = Files.list(layout.partials())) {
            assertEquals(4, files.count(), "each with its checkpoints");
        }
    }

    @Test
    void validFileThatReplacesCorruptOneStays() throws IOException {
        copyIn("some other content...".getBytes(StandardCharsets.US_ASCII), 61);
        BlobDownload unverified = store.openUnverified(DIGEST).orElseThrow();
        Path good = Files.write(root.resolve("good"), CONTENT);
        Files.setLastModifiedTime(good, FileTime.from(Instant.now().minusSeconds(3600)));
        Files.move(good, file, StandardCopyOption.ATOMIC_MOVE);

        assertThrows(RegistryException.class, () -> store.verifyUnverified(unverified));
        unverified.release();
        assertArrayEquals(CONTENT, Files.readAllBytes(file));
    }

    @Test
    void unmovableCorruptFileIsAbsentUntilReplaced() throws IOException {
        replaceByFile(layout.corrupt());
        copyIn("some other content...".getBytes(StandardCharsets.US_ASCII), 61);
        BlobDownload unverified = store.openUnverified(DIGEST).orElseThrow();
        assertThrows(RegistryException.class, () -> store.verifyUnverified(unverified));
        unverified.release();

        assertTrue(Files.exists(file));
        assertFalse(store.contains(DIGEST));
        assertEquals(OptionalLong.empty(), store.size(DIGEST));
        assertFalse(store.mayContain(DIGEST, OptionalLong.empty()));
        publish(CONTENT);
        assertTrue(store.contains(DIGEST));
        assertStored(store);
    }

    @Test
    void readOnlyStoreRemembersVerificationInMemory() throws IOException {
        copyIn(CONTENT, 61);
        DiskBlobStore readOnly = Blobs.in(layout.readOnly());
        BlobDownload unverified = readOnly.openUnverified(DIGEST).orElseThrow();
        readOnly.verifyUnverified(unverified);
        unverified.release();
        assertStored(readOnly);
        readOnly.save();
        assertFalse(Files.exists(layout.verifiedIndex()));
        BlobDownload passing = readOnly.startDownload(Digest.of(new byte[1]), SOURCE);
        assertFalse(passing.isWrittenToDisk());
        passing.release();
    }

    @Test
    void openBlobIsReadableAfterItsFileIsDeleted() throws IOException {
        publish(CONTENT);
        try (BlobSource source = store.open(DIGEST).orElseThrow()) {
            assertEquals(
                    new BlobSource.FileRegion(file.toRealPath().toString(), 1, 3),
                    source.fileRegion(1, 3).orElseThrow());
            Files.delete(file);
            assertTrue(source.fileRegion(0, 1).isEmpty(), "a container can't open it by name any more");
            assertArrayEquals(CONTENT, readAll(source));
        }
    }

    @Test
    void removedDirectoriesAreCreatedAgain() throws IOException {
        for (Path directory : List.of(layout.blobs(), layout.partials(), layout.corrupt())) {
            Files.delete(directory);
        }
        publish(CONTENT);
        assertStored(store);
        copyIn("wrong".getBytes(StandardCharsets.US_ASCII), 61);
        assertRefused();
    }

    @Test
    void unwritableVerifiedIndexDoesNotPreventPublishing() throws IOException {
        Files.createDirectory(layout.verifiedIndex());
        publish(CONTENT);
        assertStored(store);
        Files.delete(layout.verifiedIndex());
        store.save();
        assertStored(Blobs.in(layout));
    }

    private static void replaceByFile(Path directory) throws IOException {
        Files.delete(directory);
        Files.createFile(directory);
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void fileThatCanNotBeReadIsQuarantined() throws IOException {
        // A file of 4,096 bytes that can't be read.
        Path unreadable = Path.of("/sys/class/net/lo/speed");
        assumeTrue(Files.exists(unreadable));
        Files.createSymbolicLink(file, unreadable);
        BlobDownload unverified = store.openUnverified(DIGEST).orElseThrow();
        assertThrows(IOException.class, () -> store.verifyUnverified(unverified));
        unverified.release();
        assertFalse(store.contains(DIGEST));
    }

    @Test
    void partialFileOfStoredBlobIsDeleted() throws IOException {
        interrupt(DIGEST, new Repository(RegistryName.parse("quay.io"), "team/other"));
        publish(CONTENT);
        assertEquals(List.of(), store.interrupted());
        try (var left = Files.list(layout.partials())) {
            assertEquals(List.of(), left.toList());
        }
    }

    private void publish(byte[] content) throws IOException {
        BlobDownload download = store.startDownload(DIGEST, SOURCE);
        download.append(ByteBuffer.wrap(content));
        download.verify();
        store.publish(download);
        download.release();
    }

    private void copyIn(byte[] content, long age) throws IOException {
        Files.write(file, content);
        age(age);
    }

    private void age(long seconds) throws IOException {
        Files.setLastModifiedTime(file, FileTime.from(Instant.now().minusSeconds(seconds)));
    }

    private void checkAndRelease(BlobDownload unverified) throws IOException {
        try {
            store.verifyUnverified(unverified);
        } catch (RegistryException refused) {
            unverified.fail(refused);
        } finally {
            unverified.release();
        }
    }

    private void assertRefused() throws IOException {
        BlobDownload unverified = store.openUnverified(DIGEST).orElseThrow();
        assertThrows(RegistryException.class, () -> store.verifyUnverified(unverified));
        unverified.release();
        assertFalse(Files.exists(file));
    }

    private static void assertStored(DiskBlobStore in) throws IOException {
        try (BlobSource source = in.open(DIGEST).orElseThrow()) {
            assertEquals(OptionalLong.of(CONTENT.length), source.size());
            assertArrayEquals(CONTENT, readAll(source));
            assertTrue(source.fileRegion(0, 1).isPresent());
        }
    }

    private static byte[] readAll(BlobSource source) throws IOException {
        ByteBuffer all = ByteBuffer.allocate(1000);
        while (source.read(all.position(), all) > 0) {
            // until the end
        }
        return Arrays.copyOf(all.array(), all.position());
    }
}
