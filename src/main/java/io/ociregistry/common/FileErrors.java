package io.ociregistry.common;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;

/** Texts for failures of files. */
public final class FileErrors {
    private FileErrors() {}

    /** Returns the reason of a failure without the file name, for messages that name the file themselves. */
    public static String reason(IOException e) {
        if (e instanceof AccessDeniedException) {
            return "permission denied";
        }
        if (e instanceof NotDirectoryException) {
            return "it is not a directory";
        }
        if (e instanceof FileSystemException failed && failed.getReason() != null) {
            return failed.getReason();
        }
        return String.valueOf(e.getMessage());
    }

    /**
     * Returns why a file that the configuration names can't be read, and what to do about missing permissions, as a
     * sentence in which the file is "it".
     */
    public static String whyUnreadable(Path file, IOException e) {
        if (e instanceof NoSuchFileException) {
            return "it does not exist";
        }
        if (e instanceof AccessDeniedException) {
            return "permission denied: " + FileOwner.whyDenied(file)
                    + "; let this user read it, or let systemd hand it over with LoadCredential";
        }
        return reason(e);
    }
}
