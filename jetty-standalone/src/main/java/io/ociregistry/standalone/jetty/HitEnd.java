package io.ociregistry.standalone.jetty;

import io.ociregistry.web.api.AccessLogEntry;
import org.eclipse.jetty.util.Callback;

/** Ends the request of a hit: writes the line of the access log, and completes the request in Jetty. */
record HitEnd(AccessLogEntry entry, Callback request) {
    /** Adds bytes of the body to the line of the access log and to the metrics. */
    void addBytes(long bytes) {
        entry.addBytes(bytes);
    }

    void succeeded() {
        entry.write();
        request.succeeded();
    }

    /** Ends a request whose body can't be completed: Jetty breaks the connection, or answers 500 if it sent nothing. */
    void failed(Throwable cause) {
        entry.writeAborted();
        request.failed(cause);
    }
}
