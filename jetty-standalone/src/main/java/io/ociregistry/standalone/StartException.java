package io.ociregistry.standalone;

import io.ociregistry.files.UnusableFileException;
import org.jspecify.annotations.Nullable;

/** The server, or the work of a command, can't be started; the message says why and what to do. */
public final class StartException extends Exception {
    StartException(UnusableFileException e) {
        this(e.getMessage() + "; mend that file, or name another in the configuration", e);
    }

    StartException(String message) {
        super(message);
    }

    StartException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
