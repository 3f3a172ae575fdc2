package io.ociregistry.store.disk;

import io.ociregistry.oci.Digest;
import java.nio.file.Path;
import java.util.function.Function;

/**
 * Notes for log lines about content of a store: the images that have it, and whether it will be fetched again. The
 * store does not know both, so a user of the store gives the notes. Thread-safe.
 */
public final class ContentNotes {
    private volatile Function<Digest, String> notes = digest -> "";

    /** Sets the source of the notes. A note starts with its separator; it is empty if nothing is known. */
    public void set(Function<Digest, String> source) {
        notes = source;
    }

    /** Returns the note about a blob or a manifest. */
    public String of(Digest digest) {
        return notes.apply(digest);
    }

    /** Returns the note about the content of a file; empty for another file. */
    String of(Path file) {
        return Layout.digestOf(file).map(notes).orElse("");
    }
}
