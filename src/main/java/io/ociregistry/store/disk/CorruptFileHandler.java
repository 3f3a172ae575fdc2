package io.ociregistry.store.disk;

import java.io.IOException;
import java.nio.file.Path;

/** Receives the files of a store that can't be used, and decides what to do with them. */
public interface CorruptFileHandler {
    /** True if this handler left the file in place before and it is unchanged; then the caller does not read it. */
    boolean isKnown(Path file);

    /**
     * Handles a corrupt file: its content is malformed, or does not have the digest in its name.
     *
     * @param fileStamp the file stamp when the file was read
     */
    void handleCorrupt(Path file, String fileStamp, String reason);

    /**
     * Handles a file that no cache can have written: it is larger than a record can be.
     *
     * @param fileStamp the file stamp when the file was found
     */
    void handleOversized(Path file, String fileStamp, String reason);

    /** Handles a file that could not be read. */
    void handleUnreadable(Path file, IOException cause);
}
