package io.ociregistry.archive;

import io.ociregistry.oci.Text;
import java.io.IOException;
import java.nio.file.Path;

/** An archive that is broken, hostile, or none. The message names it, the entry where there is one, and what is wrong. */
public final class ArchiveException extends IOException {
    private static final long serialVersionUID = 1L;

    ArchiveException(Path archive, String what) {
        super("archive " + archive + ": " + what);
    }

    ArchiveException(Path archive, String entry, String what) {
        super("archive " + archive + ", entry " + Text.quoted(entry) + ": " + what);
    }
}
