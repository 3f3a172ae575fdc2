package io.ociregistry.archive;

import io.ociregistry.oci.Text;
import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;

/**
 * Reads the entries of a tar file once, in their order. Not thread-safe.
 *
 * <p>The library parses only the headers of each entry, one entry at a time and from a bounded stream. Given the whole
 * file, it would accept names of any length, collect global headers in memory, and read content that can be skipped by
 * seeking.
 */
final class TarReader implements Closeable {
    private static final int RECORD = 512;
    /** The limit for the headers of one entry: a path of at most 4096 bytes and other extended attributes. */
    private static final int MAX_HEADER_BYTES = 1 << 18;

    private final Path file;
    private final boolean seekable;
    private final InputStream in;
    /** The bytes of the current entry's content that were not read yet. */
    private long content;

    /** The bytes after the content up to the next record. */
    private long padding;

    private String name = "";

    private TarReader(Path file, boolean seekable, InputStream in) {
        this.file = file;
        this.seekable = seekable;
        this.in = in;
    }

    static TarReader open(Path file) throws ArchiveException {
        try {
            BufferedInputStream raw = new BufferedInputStream(Files.newInputStream(file), Compression.BUFFER);
            try {
                return open(file, raw);
            } catch (IOException e) {
                raw.close();
                throw e;
            }
        } catch (NoSuchFileException e) {
            throw new ArchiveException(file, "there is no such file");
        } catch (IOException e) {
            throw new ArchiveException(file, "it cannot be read: " + reason(e));
        }
    }

    private static TarReader open(Path file, BufferedInputStream raw) throws IOException {
        Compression compression = Compression.of(raw);
        if (compression == Compression.NONE) {
            return new TarReader(file, true, new BoundedSkipStream(raw, Files.size(file)));
        }
        InputStream tar = new BufferedInputStream(compression.decompress(raw), Compression.BUFFER);
        return new TarReader(file, false, tar);
    }

    /** Returns the next entry; empty at the end. */
    Optional<TarArchiveEntry> next() throws ArchiveException {
        skipRest();
        // Not closed, because that would close the underlying stream.
        TarArchiveInputStream headers = new TarArchiveInputStream(new HeaderStream(in));
        try {
            TarArchiveEntry entry = headers.getNextEntry();
            if (entry == null) {
                return Optional.empty();
            }
            name = entry.getName();
            content = size(entry);
            padding = (RECORD - content % RECORD) % RECORD;
            return Optional.of(entry);
        } catch (ArchiveException e) {
            throw e;
        } catch (EOFException e) {
            throw new ArchiveException(file, after() + "the archive is truncated; check that it was copied completely");
        } catch (IOException | RuntimeException e) {
            throw new ArchiveException(file, after() + "the tar header cannot be read: " + reason(e));
        }
    }

    private long size(TarArchiveEntry entry) throws ArchiveException {
        if (entry.isSparse()) {
            throw new ArchiveException(file, name, "it is a sparse file, which is not supported in an image archive");
        }
        if (entry.getSize() < 0 || entry.getSize() > Long.MAX_VALUE - RECORD) {
            throw new ArchiveException(file, name, "its size is invalid: " + entry.getSize());
        }
        return isTypeWithoutContent(entry) ? 0 : entry.getSize();
    }

    /** The size field of these types has no meaning (POSIX). */
    private static boolean isTypeWithoutContent(TarArchiveEntry entry) {
        return entry.isLink()
                || entry.isSymbolicLink()
                || entry.isDirectory()
                || entry.isFIFO()
                || entry.isCharacterDevice()
                || entry.isBlockDevice();
    }

    /** Returns the content of the current entry, to be read before {@link #next}. Reading fails if it is truncated. */
    InputStream content() {
        return new Content();
    }

    private void skipRest() throws ArchiveException {
        try {
            if (seekable) {
                in.skipNBytes(content + padding);
            } else {
                readAndDiscard(content + padding);
            }
            content = 0;
            padding = 0;
        } catch (IOException e) {
            throw broken(e);
        }
    }

    /** Skips by reading with a large buffer; decompressing streams skip with small ones, which is slow. */
    private void readAndDiscard(long count) throws IOException {
        byte[] buffer = new byte[Compression.BUFFER];
        long left = count;
        while (left > 0) {
            int read = in.read(buffer, 0, (int) Math.min(buffer.length, left));
            if (read < 0) {
                throw new EOFException();
            }
            left -= read;
        }
    }

    private ArchiveException broken(IOException e) {
        return e instanceof EOFException
                ? new ArchiveException(
                        file, name, "the archive is truncated in this entry; check that it was copied completely")
                : new ArchiveException(file, name, "it cannot be read: " + reason(e));
    }

    private String after() {
        return name.isEmpty() ? "" : "after entry " + Text.quoted(name) + " ";
    }

    static String reason(Exception e) {
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }

    @Override
    public void close() throws ArchiveException {
        try {
            in.close();
        } catch (IOException e) {
            throw new ArchiveException(file, "it cannot be closed: " + reason(e));
        }
    }

    private final class Content extends InputStream {
        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            if (content == 0) {
                return -1;
            }
            try {
                int count = in.read(into, offset, (int) Math.min(length, content));
                if (count < 0) {
                    throw new EOFException();
                }
                content -= count;
                return count;
            } catch (IOException e) {
                throw broken(e);
            }
        }
    }

    /** Skips at most to the end of the file, because a file stream skips beyond it. */
    private static final class BoundedSkipStream extends FilterInputStream {
        private long left;

        BoundedSkipStream(InputStream in, long length) {
            super(in);
            this.left = length;
        }

        @Override
        public int read() throws IOException {
            int read = super.read();
            left -= read < 0 ? 0 : 1;
            return read;
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            int count = super.read(into, offset, length);
            left -= Math.max(0, count);
            return count;
        }

        @Override
        public long skip(long count) throws IOException {
            long skipped = super.skip(Math.min(count, left));
            left -= skipped;
            return skipped;
        }

        @Override
        public boolean markSupported() {
            return false;
        }
    }

    /** The headers of one entry, at most {@link #MAX_HEADER_BYTES}. Closing it does nothing. */
    private final class HeaderStream extends FilterInputStream {
        private int left = MAX_HEADER_BYTES;

        HeaderStream(InputStream in) {
            super(in);
        }

        @Override
        public int read() throws IOException {
            count(1);
            return super.read();
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            count(0);
            int read = super.read(into, offset, Math.min(length, Math.max(1, left)));
            count(Math.max(0, read));
            return read;
        }

        private void count(int bytes) throws ArchiveException {
            left -= bytes;
            if (left < 0) {
                throw new ArchiveException(
                        file, after() + "an entry has headers of more than " + MAX_HEADER_BYTES + " bytes");
            }
        }

        @Override
        public long skip(long count) throws IOException {
            return readNBytes((int) Math.min(count, RECORD)).length;
        }

        @Override
        public boolean markSupported() {
            return false;
        }

        @Override
        public void close() {
            // The underlying stream is read on.
        }
    }
}
