package io.ociregistry.store.blob;

import io.ociregistry.oci.Digest;
import io.ociregistry.store.BlobSource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A reader of a verified blob in the store.
 *
 * <p>The file of a verified blob is never written again, so an open one keeps its content even if its name is deleted.
 */
public final class StoredBlob implements BlobSource {
    private final Digest digest;
    private final Path file;
    private final long size;
    private final FileChannel channel;
    private final Listener listener;

    /** Gets the outcome of reads. */
    interface Listener {
        /** Called if a read from the disk fails. */
        void unreadable(String problem);

        /** Called after a read of a small blob from its first byte to its last. */
        void readWhole(ByteBuffer content);
    }

    private StoredBlob(Digest digest, Path file, FileChannel channel, long size, Listener listener) {
        this.listener = listener;
        this.digest = digest;
        this.file = file;
        this.channel = channel;
        this.size = size;
    }

    static StoredBlob open(Digest digest, Path file, Listener listener) throws IOException {
        FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
        try {
            return new StoredBlob(digest, file, channel, channel.size(), listener);
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    @Override
    public Digest digest() {
        return digest;
    }

    @Override
    public OptionalLong size() {
        return OptionalLong.of(size);
    }

    @Override
    public long available() {
        return size;
    }

    @Override
    public int read(long position, ByteBuffer into) throws IOException {
        if (position >= size) {
            return -1;
        }
        int count;
        try {
            count = channel.read(into, position);
        } catch (ClosedChannelException e) {
            throw e;
        } catch (IOException e) {
            listener.unreadable("byte " + position + " can't be read: " + e.getMessage());
            throw e;
        }
        if (count < 0) {
            throw shrunk(position);
        }
        if (count == size && size <= SmallBlobs.MAX_SIZE) {
            listener.readWhole(into.duplicate().flip().position(into.position() - count));
        }
        return count;
    }

    private IOException shrunk(long position) {
        return new IOException(
                file + " had " + size + " bytes when it was opened, and now ends before byte " + position);
    }

    @Override
    public long transferTo(long position, long count, WritableByteChannel target) throws IOException {
        long sent;
        try {
            sent = channel.transferTo(position, count, target);
        } catch (IOException e) {
            // Either the channel or the disk failed; a failure of the disk shows again in a read.
            read(position, ByteBuffer.allocate(1));
            throw e;
        }
        if (sent == 0 && channel.size() <= position) {
            throw shrunk(position);
        }
        return sent;
    }

    @Override
    public void whenReadable(long position, Runnable then) {
        then.run();
    }

    @Override
    public Optional<FileRegion> fileRegion(long from, long to) {
        try {
            return Optional.of(new FileRegion(file.toRealPath().toString(), from, to));
        } catch (IOException gone) {
            // The open file can still be read.
            return Optional.empty();
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            throw new UncheckedIOException("closing " + file, e);
        }
    }
}
