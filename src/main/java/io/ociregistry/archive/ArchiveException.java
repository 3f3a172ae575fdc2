package io.ociregistry.archive;

import io.ociregistry.oci.Text;
import java.io.IOException;
import java.nio.file.Path;

/** An archive is broken, hostile, or no archive. The message names the archive, the entry if any, and the problem. */
public final class ArchiveException extends IOException {
    private static final long serialVersionUID = 1L;

    ArchiveException(Path archive, String problem) {
        super("archive " + archive + ": " + problem);
    }

    ArchiveException(Path archive, String entry, String problem) {
        super("archive " + archive + ", entry " + Text.quoted(entry) + ": " + problem);
    }
}
