package io.ociregistry.standalone.cli;

/** A command line that can't be carried out; the message says why and what to type. */
public final class UsageException extends Exception {
    public UsageException(String message) {
        super(message);
    }
}
