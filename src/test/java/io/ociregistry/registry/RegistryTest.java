package io.ociregistry.registry;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.config.ServerConfig;
import io.ociregistry.config.ServerKeys;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.MediaType;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Repository;
import io.ociregistry.store.BlobSource;
import io.ociregistry.store.disk.Layout;
import io.ociregistry.testing.Records;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Arrays;
import java.util.OptionalLong;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** An air-gapped registry over blob files that another program wrote. */
@Timeout(30)
class RegistryTest {
    private static final byte[] LAYER = "the content of a layer".getBytes(StandardCharsets.US_ASCII);
    private static final Digest DIGEST = Digest.of(LAYER);
    private static final ImageReference NAME = ImageReference.parse("quay.io/team/app:v1");
    private static final Repository REPOSITORY = NAME.repository();

    @TempDir
    Path root;

    private RegistryContext context;

    @BeforeEach
    void open() throws IOException {
        Layout layout = new Layout(root);
        layout.create();
        String json = "{\"layers\":[{\"digest\":\"" + DIGEST + "\",\"size\":" + LAYER.length + "}],\"config\":{}}";
        Manifest manifest = Manifest.parse(json.getBytes(StandardCharsets.US_ASCII), MediaType.NONE);
        Records.in(layout).confirm(manifest, NAME, Instant.now());
        context = RegistryContext.open(
                ServerConfig.defaults().with(ServerKeys.IMAGE_PATH, root).with(ServerKeys.AIR_GAPPED, true));
    }

    @AfterEach
    void close() {
        context.close();
    }

    @Test
    void truncatedFileIsNotServed() throws IOException {
        copyIn(Arrays.copyOf(LAYER, 7), 0);
        assertUnknown(context.registry().blobSize(REPOSITORY, DIGEST));
        assertUnknown(context.registry().blob(REPOSITORY, DIGEST));
        copyIn(LAYER, 0);
        assertEquals(
                OptionalLong.of(LAYER.length),
                value(context.registry().blobSize(REPOSITORY, DIGEST)).bytes());
        assertReadable();
    }

    @Test
    void fileWithFutureTimeIsServed() throws IOException {
        copyIn(LAYER, -86_400);
        assertReadable();
    }

    @Test
    void fileWithWrongDigestIsNeverServedToItsEnd() throws Exception {
        copyIn(new byte[LAYER.length], 61);
        try (BlobSource source = value(context.registry().blob(REPOSITORY, DIGEST))) {
            ByteBuffer all = ByteBuffer.allocate(100);
            RegistryException e = assertThrows(RegistryException.class, () -> readToTheEnd(source, all));
            assertTrue(e.code().status() >= 500);
            assertTrue(all.position() < LAYER.length);
        }
        assertUnknown(context.registry().blob(REPOSITORY, DIGEST));
    }

    @Test
    void blobIsNotServedToAnotherRepository() throws IOException {
        copyIn(LAYER, 61);
        Repository other = new Repository(REPOSITORY.registry(), "team/other");
        assertUnknown(context.registry().blob(other, DIGEST));
        assertUnknown(context.registry().blobSize(other, DIGEST));
    }

    @Test
    void secondContextOnStoreIsRefused() throws IOException {
        copyIn(LAYER, 61);
        IOException e = assertThrows(IOException.class, () -> RegistryContext.open(context.config()));
        assertTrue(e.getMessage().contains("pid " + ProcessHandle.current().pid()), e.getMessage());
        assertReadable();
        context.close();
        context = RegistryContext.open(context.config());
        assertReadable();
    }

    private void assertReadable() throws IOException {
        ByteBuffer all = ByteBuffer.allocate(100);
        try (BlobSource source = value(context.registry().blob(REPOSITORY, DIGEST))) {
            readToTheEnd(source, all);
        }
        assertArrayEquals(LAYER, Arrays.copyOf(all.array(), all.position()));
    }

    private static void readToTheEnd(BlobSource source, ByteBuffer into) throws IOException {
        while (source.read(into.position(), into) >= 0) {
            Thread.onSpinWait();
        }
    }

    private void copyIn(byte[] content, long age) throws IOException {
        Path file = Files.write(root.resolve("blobs").resolve(DIGEST.hex()), content);
        Files.setLastModifiedTime(file, FileTime.from(Instant.now().minusSeconds(age)));
    }

    private static <T> T value(CompletionStage<T> stage) {
        return stage.toCompletableFuture().join();
    }

    private static void assertUnknown(CompletionStage<?> stage) {
        CompletionException e = assertThrows(
                CompletionException.class, () -> stage.toCompletableFuture().join());
        assertSame(ErrorCode.BLOB_UNKNOWN, ((RegistryException) e.getCause()).code());
    }
}
