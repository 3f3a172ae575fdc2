package io.ociregistry.store;

import java.io.IOException;
import java.util.Map;
import java.util.Optional;

/** The state of an open store, as operators see it. Thread-safe. */
public interface StoreStatus {
    /**
     * The disk usage in bytes. If the store has several disks, free and total are those of the blobs.
     *
     * @param used size of all content, including that of interrupted downloads
     * @param free space that this process may use
     * @param total size of the whole disk
     */
    record Usage(long used, long free, long total) {}

    /** The kinds of content in the store. */
    enum Content {
        BLOB,
        MANIFEST,
        /** Partial files of downloads, in flight and interrupted. */
        PARTIAL,
        QUARANTINE
    }

    /** The size of the content of one kind. */
    record Amount(long files, long bytes) {
        public Amount plus(Amount other) {
            return new Amount(files + other.files, bytes + other.bytes);
        }
    }

    /**
     * Measures the content of each kind; reads the size of every file.
     *
     * @throws IOException if a directory can't be read
     */
    Map<Content, Amount> contents() throws IOException;

    /**
     * Returns the free bytes of the disk of the blobs.
     *
     * @throws IOException if the file system does not report it
     */
    long free() throws IOException;

    /** Returns false if this process must not write to the store, because it lacks the permission or the lock. */
    boolean isWritable();

    /** Returns true if the store can be read now. Cheap enough for a readiness probe. */
    boolean isReadable();

    /** Returns the place of the store as operators know it, such as the image path. */
    String location();

    /**
     * Measures the usage; reads the size of every file.
     *
     * @throws IOException if the file system does not report its size
     */
    Usage usage() throws IOException;

    /** Returns a warning for the operator why the store is read-only; empty if it is not, or if that was requested. */
    Optional<String> warning();

    /** Describes the unreadable content that was found so far; empty if there is none. */
    Optional<String> unreadable();
}
