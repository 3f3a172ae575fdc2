package io.ociregistry.registry.load.list;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/**
 * A file or directory to load, with its kind. The kind depends on the content, never on the file name.
 *
 * @param name the name in messages; for a temporary copy, the name of the original
 */
public record ImageFile(Path path, String name, Kind kind) {
    /** The number of bytes at the start of a file that determine its kind. */
    public static final int HEAD = 512;

    private static final int TAR_MAGIC_AT = 257;
    private static final byte[] TAR_MAGIC = "ustar".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] GZIP_MAGIC = {0x1f, (byte) 0x8b};
    private static final byte[] ZSTD_MAGIC = {0x28, (byte) 0xb5, 0x2f, (byte) 0xfd};

    public enum Kind {
        /** A text file with one image name per line. */
        LIST,
        /** A tarball, as {@code docker save}, {@code ctr images export} or {@code skopeo copy} writes it. */
        TAR,
        /** A tarball that is compressed with gzip. */
        GZIP,
        /** A tarball that is compressed with zstd. */
        ZSTD,
        /** An unpacked OCI image layout. */
        LAYOUT
    }

    /**
     * Determines the kind of a file or directory; any text is a list.
     *
     * @throws IOException if the file can't be read or has none of the kinds; the message names the file and the reason
     */
    public static ImageFile of(Path path) throws IOException {
        return of(path, path.toString());
    }

    /** Determines the kind of a file or directory that has another name in messages; see {@link #of(Path)}. */
    public static ImageFile of(Path path, String name) throws IOException {
        if (Files.isDirectory(path)) {
            if (Files.isRegularFile(path.resolve("oci-layout"))) {
                return new ImageFile(path, name, Kind.LAYOUT);
            }
            throw new IOException(
                    name + " is a directory without an oci-layout; for the files in it, write " + path.resolve("*"));
        }
        return new ImageFile(path, name, kind(path, name));
    }

    private static Kind kind(Path file, String name) throws IOException {
        return kindOf(head(file))
                .orElseThrow(
                        () -> new IOException(name + " is neither a list of images nor a tarball (tar, gzip or zstd)"));
    }

    /** Returns the kind of a file that starts with these bytes; empty if it is neither a list nor an archive. */
    public static Optional<Kind> kindOf(byte[] head) {
        if (has(head, 0, GZIP_MAGIC)) {
            return Optional.of(Kind.GZIP);
        }
        if (has(head, 0, ZSTD_MAGIC)) {
            return Optional.of(Kind.ZSTD);
        }
        if (has(head, TAR_MAGIC_AT, TAR_MAGIC)) {
            return Optional.of(Kind.TAR);
        }
        return ImageList.isText(head) ? Optional.of(Kind.LIST) : Optional.empty();
    }

    private static byte[] head(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return in.readNBytes(HEAD);
        }
    }

    private static boolean has(byte[] head, int at, byte[] magic) {
        return head.length >= at + magic.length && Arrays.equals(head, at, at + magic.length, magic, 0, magic.length);
    }
}
