package io.ociregistry.standalone;

/** A command line that can't be carried out; the message says why and what to type. */
final class UsageException extends Exception {
    UsageException(String message) {
        super(message);
    }
}
