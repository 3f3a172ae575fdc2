package io.ociregistry.standalone;

/** The server, or the work of a command, can't be started; the message says why and what to do. */
public final class StartException extends Exception {
    StartException(String message, Throwable cause) {
        super(message, cause);
    }
}
