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
 * The entries of a tar archive, in their order, from its beginning to its end.
 *
 * <p>The library reads the headers of one entry and never its content: it would hold names of any length in memory, collect headers that count
 * for the whole archive, and read where one can seek.
 */
final class TarReader implements Closeable {
    private static final int RECORD = 512;
    /** Of one entry: a path has 4096 bytes at most, and there are other extended attributes. */
    private static final int LONGEST_HEADERS = 1 << 18;

    private final Path file;
    private final boolean seekable;
    private final InputStream in;
    /** Bytes of content, and of what fills up its last record, that were not read yet. */
    private long content;

    private long filling;
    /** Where that is. */
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
            throw new ArchiveException(file, "it can't be read: " + reason(e));
        }
    }

    private static TarReader open(Path file, BufferedInputStream raw) throws IOException {
        Compression compression = Compression.of(raw);
        if (compression == Compression.NONE) {
            return new TarReader(file, true, new WithinFile(raw, Files.size(file)));
        }
        InputStream tar = new BufferedInputStream(compression.decompress(raw), Compression.BUFFER);
        return new TarReader(file, false, tar);
    }

    /** The next entry; empty at the end. */
    Optional<TarArchiveEntry> next() throws ArchiveException {
        skipRest();
        // Never closed, since that would close what is below it.
        TarArchiveInputStream headers = new TarArchiveInputStream(new Headers(in));
        try {
            TarArchiveEntry entry = headers.getNextEntry();
            if (entry == null) {
                return Optional.empty();
            }
            name = entry.getName();
            content = size(entry);
            filling = (RECORD - content % RECORD) % RECORD;
            return Optional.of(entry);
        } catch (ArchiveException e) {
            throw e;
        } catch (EOFException e) {
            throw new ArchiveException(file, after() + "it ends too early; was it copied to its end?");
        } catch (IOException | RuntimeException e) {
            throw new ArchiveException(file, after() + "no tar header can be read: " + reason(e));
        }
    }

    private long size(TarArchiveEntry entry) throws ArchiveException {
        if (entry.isSparse()) {
            throw new ArchiveException(file, name, "it is a sparse file, which no image archive has");
        }
        if (entry.getSize() < 0 || entry.getSize() > Long.MAX_VALUE - RECORD) {
            throw new ArchiveException(file, name, "its size can't be right: " + entry.getSize());
        }
        return isTypeWithoutContent(entry) ? 0 : entry.getSize();
    }

    /** POSIX: what these say of their size means nothing. */
    private static boolean isTypeWithoutContent(TarArchiveEntry entry) {
        return entry.isLink()
                || entry.isSymbolicLink()
                || entry.isDirectory()
                || entry.isFIFO()
                || entry.isCharacterDevice()
                || entry.isBlockDevice();
    }

    /** The content of the entry that was told last; to be read before the next one. Fails where the archive ends before it does. */
    InputStream content() {
        return new Content();
    }

    private void skipRest() throws ArchiveException {
        try {
            if (seekable) {
                in.skipNBytes(content + filling);
            } else {
                readOver(content + filling);
            }
            content = 0;
            filling = 0;
        } catch (IOException e) {
            throw broken(e);
        }
    }

    /** Skipping in what is compressed is reading, and slow with the small buffers that it is done with there. */
    private void readOver(long count) throws IOException {
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
                ? new ArchiveException(file, name, "the archive ends in the middle of it; was it copied to its end?")
                : new ArchiveException(file, name, "it can't be read: " + reason(e));
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
            throw new ArchiveException(file, "it can't be closed: " + reason(e));
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

    /** Files let one skip behind their end. */
    private static final class WithinFile extends FilterInputStream {
        private long left;

        WithinFile(InputStream in, long length) {
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

    /** Nobody closes it, and it gives no more than headers may have. */
    private final class Headers extends FilterInputStream {
        private int left = LONGEST_HEADERS;

        Headers(InputStream in) {
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
                        file, after() + "an entry has headers of more than " + LONGEST_HEADERS + " bytes");
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
            // What is below it goes on.
        }
    }
}
