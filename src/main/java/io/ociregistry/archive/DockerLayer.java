package io.ociregistry.archive;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.MediaType;
import java.io.BufferedInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.Locale;

/**
 * A layer in an archive of {@code docker save}.
 *
 * @param digest the digest of its bytes in the archive
 * @param diffId the digest of its uncompressed bytes, as in {@code rootfs.diff_ids} of an image's config
 */
record DockerLayer(Digest digest, long size, MediaType mediaType, Digest diffId) {
    private static final String TAR = "application/vnd.oci.image.layer.v1.tar";

    static DockerLayer read(Path archive, String name, InputStream content) throws IOException {
        MessageDigest outer = Digest.Algorithm.SHA256.newHash();
        MessageDigest inner = Digest.Algorithm.SHA256.newHash();
        CountingStream counted = new CountingStream(content);
        BufferedInputStream bytes = new BufferedInputStream(new DigestInputStream(counted, outer), Compression.BUFFER);
        Compression compression = Compression.of(bytes);
        try {
            new DigestInputStream(compression.decompress(bytes), inner).transferTo(OutputStream.nullOutputStream());
        } catch (ArchiveException e) {
            throw e;
        } catch (IOException e) {
            throw new ArchiveException(archive, name, "the layer cannot be decompressed: " + TarReader.reason(e));
        }
        bytes.transferTo(OutputStream.nullOutputStream());
        String type = compression == Compression.NONE
                ? TAR
                : TAR + "+" + compression.name().toLowerCase(Locale.ROOT);
        return new DockerLayer(
                Digest.finish(Digest.Algorithm.SHA256, outer),
                counted.count,
                new MediaType(type),
                Digest.finish(Digest.Algorithm.SHA256, inner));
    }

    private static final class CountingStream extends FilterInputStream {
        private long count;

        CountingStream(InputStream in) {
            super(in);
        }

        @Override
        public int read() throws IOException {
            int read = super.read();
            count += read < 0 ? 0 : 1;
            return read;
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            int read = super.read(into, offset, length);
            count += Math.max(0, read);
            return read;
        }
    }
}
