package io.ociregistry.standalone.jetty;

import io.ociregistry.web.api.AccessLogEntry;
import java.util.Optional;
import org.eclipse.jetty.util.Callback;

/** Ends the request of a hit: writes the line of the access log, and completes the request in Jetty. */
record HitEnd(Optional<AccessLogEntry> entry, Callback request) {
    /** Adds bytes of the body to the line of the access log. */
    void addBytes(long bytes) {
        entry.ifPresent(line -> line.addBytes(bytes));
    }

    void succeeded() {
        entry.ifPresent(AccessLogEntry::write);
        request.succeeded();
    }

    /** Ends a request whose body can't be completed: Jetty breaks the connection, or answers 500 if it sent nothing. */
    void failed(Throwable cause) {
        entry.ifPresent(AccessLogEntry::writeAborted);
        request.failed(cause);
    }
}
