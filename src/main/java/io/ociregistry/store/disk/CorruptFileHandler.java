package io.ociregistry.store.disk;

import java.io.IOException;
import java.nio.file.Path;

/** Hears of files that are not what their names say, and decides what becomes of them. */
public interface CorruptFileHandler {
    /** True if it heard of that file already, which still looks as it did; nobody reads it then. */
    boolean has(Path file);

    /**
     * A bad file.
     *
     * @param look how the file looked when it was read
     */
    void take(Path file, String look, String reason);

    /** One that is none of ours as it seems. */
    void leaveOut(Path file, String look, String reason);

    /** One of which the disk tells nothing. */
    void unreadable(Path file, IOException why);
}
