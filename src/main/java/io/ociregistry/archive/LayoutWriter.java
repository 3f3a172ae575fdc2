package io.ociregistry.archive;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.Manifest;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;

/**
 * Writes an OCI layout as a tar. Not thread-safe.
 *
 * <p>The listing comes first, so that the tar can be read in one pass, and then manifests and blobs in the order of the
 * calls. The same content always gives the same bytes: the tar has no times, owners or host names.
 */
public final class LayoutWriter implements Closeable {
    private static final int READABLE_BY_ALL = 0100644;

    private final TarArchiveOutputStream tar;

    /** Starts the tar with the listing. Closing this writer closes {@code out}. */
    public LayoutWriter(OutputStream out, LayoutListing listing) throws IOException {
        this.tar = new TarArchiveOutputStream(out, StandardCharsets.UTF_8.name());
        // SHA-512 digests and layers over 8 GiB exceed the limits of the original tar header for names and sizes.
        tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
        tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
        write(OciLayout.LAYOUT_FILE, "{\"imageLayoutVersion\":\"1.0.0\"}".getBytes(StandardCharsets.UTF_8));
        write(OciLayout.INDEX, listing.indexJson());
        byte[] forDocker = listing.manifestJson();
        if (forDocker.length > 0) {
            write(DockerSave.INDEX, forDocker);
        }
    }

    /** Adds a manifest under one of its digests. */
    public void addManifest(Digest digest, Manifest manifest) throws IOException {
        write(OciLayout.entryName(digest), manifest.toByteArray());
    }

    /**
     * Adds a blob and verifies it while it is written.
     *
     * @throws IOException if its content has another size or digest; then the tar is invalid and must be discarded
     */
    public void addBlob(Digest digest, long size, InputStream content) throws IOException {
        startEntry(OciLayout.entryName(digest), size);
        MessageDigest hash = digest.algorithm().newHash();
        byte[] buffer = new byte[Compression.BUFFER];
        long written = 0;
        for (int count = content.read(buffer); count >= 0; count = content.read(buffer)) {
            written += count;
            if (written > size) {
                break;
            }
            hash.update(buffer, 0, count);
            tar.write(buffer, 0, count);
        }
        Digest actual = Digest.finish(digest.algorithm(), hash);
        if (written != size || !actual.equals(digest)) {
            throw new IOException("the content of blob " + digest + " is wrong: "
                    + (written != size ? "its size is not " + size + " bytes" : "its digest is " + actual));
        }
        tar.closeArchiveEntry();
    }

    private void write(String name, byte[] content) throws IOException {
        startEntry(name, content.length);
        tar.write(content);
        tar.closeArchiveEntry();
    }

    private void startEntry(String name, long size) throws IOException {
        TarArchiveEntry entry = new TarArchiveEntry(name);
        entry.setSize(size);
        entry.setMode(READABLE_BY_ALL);
        entry.setLastModifiedTime(FileTime.fromMillis(0));
        tar.putArchiveEntry(entry);
    }

    public void finish() throws IOException {
        tar.finish();
        tar.flush();
    }

    @Override
    public void close() throws IOException {
        tar.close();
    }
}
