package io.ociregistry.store;

import io.ociregistry.oci.Digest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.OptionalLong;

/** A blob in the store, verified and complete. The file is never written or truncated again, so an open one stays right. */
public final class StoredBlob implements BlobSource {
    private final Digest digest;
    private final Path file;
    private final long size;
    private final FileChannel channel;

    private StoredBlob(Digest digest, Path file, FileChannel channel, long size) {
        this.digest = digest;
        this.file = file;
        this.channel = channel;
        this.size = size;
    }

    static StoredBlob open(Digest digest, Path file) throws IOException {
        FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
        try {
            return new StoredBlob(digest, file, channel, channel.size());
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
        int count = channel.read(into, position);
        if (count < 0) {
            throw new IOException(
                    file + " was " + size + " bytes long when it was opened, and now ends before " + position);
        }
        return count;
    }

    @Override
    public void whenReadable(long position, Runnable then) {
        then.run();
    }

    @Override
    public Optional<Path> localFile() {
        try {
            return Optional.of(file.toRealPath());
        } catch (IOException gone) {
            // What is open can still be read.
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
