package io.ociregistry.standalone;

import io.ociregistry.files.UnusableFileException;

/** The server, or the work of a command, can't be started; the message says why and what to do. */
public final class StartException extends Exception {
    StartException(UnusableFileException e) {
        this(e.getMessage() + "; mend that file, or name another in the configuration", e);
    }

    StartException(String message) {
        super(message);
    }

    StartException(String message, Throwable cause) {
        super(message, cause);
    }
}
