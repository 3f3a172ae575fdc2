package io.ociregistry.store.blob;

import io.ociregistry.oci.Digest;
import io.ociregistry.store.BlobSource;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.OptionalLong;

/** A reader of a small verified blob whose bytes are in memory. */
@SuppressWarnings("ArrayRecordComponent") // never compared
record MemoryBlob(Digest digest, byte[] bytes) implements BlobSource {
    @Override
    public OptionalLong size() {
        return OptionalLong.of(bytes.length);
    }

    @Override
    public long available() {
        return bytes.length;
    }

    @Override
    public int read(long position, ByteBuffer into) {
        if (position >= bytes.length) {
            return -1;
        }
        int count = (int) Math.min(into.remaining(), bytes.length - position);
        into.put(bytes, (int) position, count);
        return count;
    }

    @Override
    public Optional<ByteBuffer> inMemory(long from, long to) {
        return Optional.of(ByteBuffer.wrap(bytes, (int) from, (int) (to - from)).slice());
    }

    @Override
    public void whenReadable(long position, Runnable then) {
        then.run();
    }

    @Override
    public Optional<FileRegion> fileRegion(long from, long to) {
        return Optional.empty();
    }

    @Override
    public void close() {}
}
