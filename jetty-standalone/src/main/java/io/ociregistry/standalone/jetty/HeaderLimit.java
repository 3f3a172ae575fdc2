package io.ociregistry.standalone.jetty;

import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.internal.HttpConnection;

/**
 * Makes connections that refuse a request with more than {@value #MAX_LINES} header lines. Jetty limits only the
 * bytes of
 * all headers, and an empty header takes ten times its bytes in memory.
 */
final class HeaderLimit extends HttpConnectionFactory {
    static final int MAX_LINES = 200;

    HeaderLimit(HttpConfiguration config) {
        super(config);
    }

    @Override
    public Connection newConnection(Connector connector, EndPoint end) {
        var connection = new Counting(getHttpConfiguration(), connector, end);
        connection.setTransferEncodingChunkMaxLength(getTransferEncodingChunkMaxLength());
        return configure(connection, connector, end);
    }

    private static final class Counting extends HttpConnection {
        Counting(HttpConfiguration config, Connector connector, EndPoint end) {
            super(config, connector, end);
        }

        @Override
        protected RequestHandler newRequestHandler() {
            return new RequestHandler() {
                private int headers;

                @Override
                public void messageBegin() {
                    headers = 0;
                    super.messageBegin();
                }

                @Override
                public void parsedHeader(HttpField field) {
                    headers++;
                    if (headers > MAX_LINES) {
                        throw new HttpException.RuntimeException(HttpStatus.REQUEST_HEADER_FIELDS_TOO_LARGE_431);
                    }
                    super.parsedHeader(field);
                }
            };
        }
    }
}
