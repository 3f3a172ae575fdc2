package io.ociregistry.standalone.jetty;

import io.ociregistry.common.UnusableFileException;
import org.jspecify.annotations.Nullable;

/** The server or a command cannot start or run; the message says why and what to do. */
public final class StartException extends Exception {
    public StartException(UnusableFileException e) {
        this(e.getMessage() + "; correct the file, or name another in the configuration", e);
    }

    public StartException(String message) {
        super(message);
    }

    public StartException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
