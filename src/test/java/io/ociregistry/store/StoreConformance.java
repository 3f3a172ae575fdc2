package io.ociregistry.store;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.MediaType;
import io.ociregistry.oci.Repository;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;

/** A store that is open for writing, of each factory in {@link StoreHome#factories}. */
abstract class StoreConformance {
    static final Instant NOW = Instant.parse("2025-06-01T12:00:00Z");
    static final Repository REPOSITORY =
            ImageReference.parse("quay.io/team/app:v1").repository();
    static final byte[] CONTENT = "the content of a blob".getBytes(StandardCharsets.US_ASCII);
    static final Digest DIGEST = Digest.of(CONTENT);

    @Parameter
    StoreHome.Factory factory;

    @TempDir
    Path directory;

    StoreHome home;
    Store store;

    @BeforeEach
    void open() throws IOException {
        home = factory.in(directory);
        store = home.open();
    }

    @AfterEach
    void close() {
        store.close();
    }

    /** Opens the store again, without what it had in memory. */
    void reopen() throws IOException {
        store.close();
        store = home.open();
    }

    /** Opens the store again, without permission to write. */
    void reopenReadOnly() throws IOException {
        store.close();
        store = home.openReadOnly();
    }

    BlobStore blobs() {
        return store.blobs();
    }

    static ImageReference name(String text) {
        return ImageReference.parse(text);
    }

    /** Returns an index that no other number gives. */
    static Manifest manifest(int number) {
        String json = "{\"schemaVersion\":2,\"mediaType\":\"" + MediaType.OCI_INDEX
                + "\",\"manifests\":[],\"annotations\":{\"number\":\"" + number + "\"}}";
        return Manifest.parse(json.getBytes(StandardCharsets.UTF_8), MediaType.OCI_INDEX);
    }

    /** Downloads, verifies and publishes a blob. */
    void publish(byte[] content) throws IOException {
        BlobDownload download = blobs().startDownload(Digest.of(content), REPOSITORY);
        append(download, content);
        download.verify();
        blobs().publish(download);
        download.release();
    }

    static void append(BlobDownload download, byte[] content) {
        download.append(ByteBuffer.wrap(content));
    }

    /** Reads a blob that is complete, from a position to its end. */
    static byte[] read(BlobSource source, long from) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        ByteBuffer buffer = ByteBuffer.allocate(7);
        long position = from;
        for (int count = source.read(position, buffer); count >= 0; count = source.read(position, buffer)) {
            assertTrue(count > 0, "a complete blob has readable bytes up to its end");
            all.write(buffer.array(), 0, count);
            position += count;
            buffer.clear();
        }
        return all.toByteArray();
    }

    byte[] stored(Digest digest) throws IOException {
        try (BlobSource source = blobs().open(digest).orElseThrow()) {
            return read(source, 0);
        }
    }
}
