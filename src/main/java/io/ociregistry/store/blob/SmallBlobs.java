package io.ociregistry.store.blob;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.ociregistry.oci.Digest;
import io.ociregistry.store.BlobSource;
import io.ociregistry.store.disk.VerifiedIndex;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The bytes of small blobs that were read before, in a bounded part of the heap. An entry applies only while the file
 * has the stamp with which it was verified. Thread-safe.
 */
final class SmallBlobs {
    /** The maximum size of a small blob. Larger ones cost more memory than their file costs time. */
    static final int MAX_SIZE = 64 << 10;

    private static final int ENTRY_BYTES = 300;

    private final Cache<Digest, Entry> memory;

    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Entry(Path file, String fileStamp, byte[] bytes) {
        boolean isCurrent() {
            try {
                return fileStamp.equals(VerifiedIndex.fileStamp(file));
            } catch (IOException e) {
                return false;
            }
        }
    }

    /** @param maxBytes the heap that all entries may take together */
    SmallBlobs(long maxBytes) {
        this.memory = Caffeine.newBuilder()
                .maximumWeight(maxBytes)
                .weigher((Digest digest, Entry entry) -> entry.bytes.length + ENTRY_BYTES)
                .build();
    }

    /** Returns a reader of a blob whose bytes are in memory and whose file has not changed since. */
    Optional<BlobSource> find(Digest digest) {
        Entry entry = memory.getIfPresent(digest);
        return entry != null && entry.isCurrent() ? Optional.of(new MemoryBlob(digest, entry.bytes)) : Optional.empty();
    }

    /** Adds a copy of the content that a verified file has. */
    void add(Digest digest, Path file, String fileStamp, ByteBuffer content) {
        byte[] bytes = new byte[content.remaining()];
        content.get(bytes);
        memory.put(digest, new Entry(file, fileStamp, bytes));
    }
}
