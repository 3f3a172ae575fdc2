package io.ociregistry.standalone.jetty;

import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;

/** What is below connections. */
final class SocketOptions {
    private SocketOptions() {}

    /** Below TLS too: to say good-bye there would be to wait for the client again. */
    static EndPoint of(Connection connection) {
        EndPoint end = connection.getEndPoint();
        while (end instanceof EndPoint.Wrapper wrapper) {
            end = wrapper.unwrap();
        }
        return end;
    }
}
