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

/** How an archive, or a layer in it, is compressed, told by its first bytes. */
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
    private static final int LONGEST_MAGIC = 4;

    private final String magic;

    Compression(String magic) {
        this.magic = magic;
    }

    /** What a stream, whose first bytes are read again afterwards, is compressed with. */
    static Compression of(BufferedInputStream in) throws IOException {
        in.mark(LONGEST_MAGIC);
        String first = HexFormat.of().formatHex(in.readNBytes(LONGEST_MAGIC));
        in.reset();
        return Stream.of(GZIP, ZSTD)
                .filter(known -> first.startsWith(known.magic))
                .findFirst()
                .orElse(NONE);
    }

    /**
     * What was compressed.
     *
     * @throws IOException if it does not begin as it should, or later, from the stream, if it does not go on so
     */
    abstract InputStream decompress(InputStream in) throws IOException;

    /** What the decoder throws for input that is wrong is of many kinds. */
    private static final class Zstd extends InputStream {
        private final ToItsEnd compressed;
        private final ZstdInputStream in;

        Zstd(InputStream in) {
            this.compressed = new ToItsEnd(in);
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
                throw new IOException("it is no zstd that can be read here: " + e.getMessage(), e);
            } catch (OutOfMemoryError e) {
                // The one array that a window takes, whose size the archive says.
                throw new IOException("its zstd window does not fit into this program's memory", e);
            }
        }

        @Override
        public void close() throws IOException {
            in.close();
        }
    }

    /** Knows whether there is any more: what lacks its end is told from what is wrong. */
    private static final class ToItsEnd extends FilterInputStream {
        private boolean isAtEnd;

        ToItsEnd(InputStream in) {
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
