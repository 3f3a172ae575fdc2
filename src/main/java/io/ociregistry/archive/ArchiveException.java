package io.ociregistry.archive;

import io.ociregistry.oci.Text;
import java.io.IOException;
import java.nio.file.Path;

/** An archive is broken, hostile, or no archive. The message names the archive, the entry if any, and the problem. */
public final class ArchiveException extends IOException {
    private static final long serialVersionUID = 1L;

    /** The part of the message after the name of the archive. */
    private final String problem;

    ArchiveException(Path archive, String problem) {
        this(archive.toString(), ": " + problem);
    }

    ArchiveException(Path archive, String entry, String problem) {
        this(archive.toString(), ", entry " + Text.quoted(entry) + ": " + problem);
    }

    private ArchiveException(String archive, String problem) {
        super("archive " + archive + problem);
        this.problem = problem;
    }

    /** Returns the message with another name of the archive, for a temporary copy. */
    public String describe(String archive) {
        return "archive " + archive + problem;
    }
}
