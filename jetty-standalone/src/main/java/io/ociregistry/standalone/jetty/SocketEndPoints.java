package io.ociregistry.standalone.jetty;

import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;

/** Finds the socket end point of a connection. */
final class SocketEndPoints {
    private SocketEndPoints() {}

    /**
     * Returns the end point below TLS. Closing the TLS end point would send a close message, and wait for the client
     * once more.
     */
    static EndPoint of(Connection connection) {
        EndPoint end = connection.getEndPoint();
        while (end instanceof EndPoint.Wrapper wrapper) {
            end = wrapper.unwrap();
        }
        return end;
    }
}
