package io.ociregistry.archive;

import io.airlift.compress.zstd.ZstdInputStream;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.HexFormat;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;

/** The compression of an archive or of a layer in it, recognized by its first bytes. */
enum Compression {
    NONE("") {
        @Override
        InputStream decompress(InputStream in) {
            return in;
        }
    },
    /** RFC 1952. */
    GZIP("1f8b") {
        @Override
        InputStream decompress(InputStream in) throws IOException {
            return new GZIPInputStream(in, BUFFER);
        }
    },
    /** RFC 8878. */
    ZSTD("28b52ffd") {
        @Override
        InputStream decompress(InputStream in) {
            return new Zstd(in);
        }
    };

    static final int BUFFER = 1 << 16;
    private static final int MAX_MAGIC_LENGTH = 4;

    private final String magic;

    Compression(String magic) {
        this.magic = magic;
    }

    /** Returns the compression of a stream, without consuming bytes of it. */
    static Compression of(BufferedInputStream in) throws IOException {
        in.mark(MAX_MAGIC_LENGTH);
        String first = HexFormat.of().formatHex(in.readNBytes(MAX_MAGIC_LENGTH));
        in.reset();
        return Stream.of(GZIP, ZSTD)
                .filter(known -> first.startsWith(known.magic))
                .findFirst()
                .orElse(NONE);
    }

    /**
     * Returns the decompressed content.
     *
     * @throws IOException if the header is invalid; the stream throws it for invalid data later
     */
    abstract InputStream decompress(InputStream in) throws IOException;

    /** Maps the various exceptions and errors of the decoder for invalid data to {@link IOException}. */
    private static final class Zstd extends InputStream {
        private final EndAwareStream compressed;
        private final ZstdInputStream in;

        Zstd(InputStream in) {
            this.compressed = new EndAwareStream(in);
            this.in = new ZstdInputStream(compressed);
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            try {
                return in.read(into, offset, length);
            } catch (IOException | RuntimeException e) {
                if (compressed.isAtEnd) {
                    throw new EOFException();
                }
                throw new IOException("the zstd data is invalid or not supported: " + e.getMessage(), e);
            } catch (OutOfMemoryError e) {
                // The window is one array, whose size the archive determines.
                throw new IOException("its zstd window does not fit into the memory of this program", e);
            }
        }

        @Override
        public void close() throws IOException {
            in.close();
        }
    }

    /** Records whether the end was reached, by which truncated data is distinguished from invalid data. */
    private static final class EndAwareStream extends FilterInputStream {
        private boolean isAtEnd;

        EndAwareStream(InputStream in) {
            super(in);
        }

        @Override
        public int read() throws IOException {
            int read = super.read();
            isAtEnd |= read < 0;
            return read;
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            int count = super.read(into, offset, length);
            isAtEnd |= count < 0;
            return count;
        }
    }
}
