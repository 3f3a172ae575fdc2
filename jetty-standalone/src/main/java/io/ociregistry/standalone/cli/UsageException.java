package io.ociregistry.standalone.cli;

/** An invalid command line; the message says what is wrong and what to type. */
public final class UsageException extends Exception {
    public UsageException(String message) {
        super(message);
    }
}
