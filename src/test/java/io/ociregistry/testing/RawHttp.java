package io.ociregistry.testing;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP client connection that sends exactly the given bytes and shows the exact response. It does not retry,
 * redirect, decode or hide anything. A read fails after {@link #PATIENCE}, so that no test hangs.
 */
public final class RawHttp implements AutoCloseable {
    public static final Duration PATIENCE = Duration.ofSeconds(20);

    private final URI base;
    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;

    private RawHttp(URI base, Socket socket) throws IOException {
        this.base = base;
        this.socket = socket;
        this.in = new BufferedInputStream(socket.getInputStream());
        this.out = socket.getOutputStream();
    }

    /**
     * Connects without TLS.
     *
     * @param base the server's URL; its path is prepended to every path in {@link #send}
     */
    public static RawHttp connect(URI base) throws IOException {
        return new RawHttp(base, tcp(base, 0));
    }

    /** Connects with a small receive buffer, so that a server soon notices a client that does not read. */
    public static RawHttp connectWithBuffer(URI base, int bytes) throws IOException {
        return new RawHttp(base, tcp(base, bytes));
    }

    public static RawHttp connectTls(URI base, SSLContext tls) throws IOException {
        Socket tcp = tcp(base, 0);
        return new RawHttp(base, tls.getSocketFactory().createSocket(tcp, base.getHost(), base.getPort(), true));
    }

    /**
     * Sends a request on a new connection and reads the whole response. Headers have the form {@code "Name: value"}.
     */
    public static Response exchange(URI base, String method, String pathAndQuery, String... headers)
            throws IOException {
        try (RawHttp http = connect(base)) {
            Response response = http.send(method, pathAndQuery, headers);
            response.body();
            return response;
        }
    }

    public static Response get(URI base, String pathAndQuery, String... headers) throws IOException {
        return exchange(base, "GET", pathAndQuery, headers);
    }

    public static Response head(URI base, String pathAndQuery, String... headers) throws IOException {
        return exchange(base, "HEAD", pathAndQuery, headers);
    }

    /** Sends a request line, Host and these headers, and reads the response headers; the body stays unread. */
    public Response send(String method, String pathAndQuery, String... headers) throws IOException {
        return sendWithBody("", method, pathAndQuery, headers);
    }

    /** Sends a request with bytes after the headers; the caller sets Content-Length. */
    public Response sendWithBody(String body, String method, String pathAndQuery, String... headers)
            throws IOException {
        String prefix = base.getRawPath().replaceAll("/+$", "");
        StringBuilder request = new StringBuilder(method + " " + prefix + pathAndQuery + " HTTP/1.1\r\n");
        request.append("Host: ").append(base.getRawAuthority()).append("\r\n");
        for (String header : headers) {
            request.append(header).append("\r\n");
        }
        return sendRaw(request.append("\r\n").append(body).toString(), method.equals("HEAD"));
    }

    /** Sends exactly these bytes and reads the response headers. */
    public Response sendRaw(String request, boolean expectsNoBody) throws IOException {
        write(request);
        return Response.read(in, expectsNoBody);
    }

    /** Sends these bytes and reads nothing. */
    public void write(String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.ISO_8859_1));
        out.flush();
    }

    /** Reads all remaining bytes until the server closes. */
    public byte[] rest() throws IOException {
        return in.readAllBytes();
    }

    /** Sets the timeout for the next byte. */
    public void patience(Duration time) throws IOException {
        socket.setSoTimeout((int) time.toMillis());
    }

    /** Disconnects like a killed client process: with RST, whatever is in transit. */
    public void abandon() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    private static Socket tcp(URI base, int receiveBuffer) throws IOException {
        Socket socket = new Socket();
        if (receiveBuffer > 0) {
            socket.setReceiveBufferSize(receiveBuffer);
        }
        socket.setSoTimeout((int) PATIENCE.toMillis());
        socket.connect(new InetSocketAddress(base.getHost(), base.getPort()), (int) PATIENCE.toMillis());
        return socket;
    }

    /** A response: the headers as received, and the body as far as it was read. Confined to a thread. */
    public static final class Response {
        private final int status;
        private final Headers headers;
        private final BodyReader body;
        private byte @Nullable [] rest;

        private Response(int status, Headers headers, BodyReader body) {
            this.status = status;
            this.headers = headers;
            this.body = body;
        }

        private static Response read(InputStream in, boolean expectsNoBody) throws IOException {
            String statusLine = BodyReader.line(in);
            if (!statusLine.startsWith("HTTP/1.1 ")) {
                throw new IOException("no status line but: " + statusLine);
            }
            int status = Integer.parseInt(statusLine.substring(9, 12));
            List<Headers.Field> fields = new ArrayList<>();
            for (String line = BodyReader.line(in); !line.isEmpty(); line = BodyReader.line(in)) {
                int colon = line.indexOf(':');
                fields.add(new Headers.Field(
                        line.substring(0, colon), line.substring(colon + 1).strip()));
            }
            Headers headers = new Headers(fields);
            boolean none = expectsNoBody || status == 204 || status == 304 || status < 200;
            return new Response(status, headers, BodyReader.of(in, headers, none));
        }

        public int status() {
            return status;
        }

        public Headers headers() {
            return headers;
        }

        /** Returns the value of the only field with this name; null if there is none. */
        public @Nullable String header(String name) {
            List<String> values = headers.all(name);
            if (values.size() > 1) {
                throw new AssertionError("more than one " + name + ": " + values);
            }
            return values.isEmpty() ? null : values.get(0);
        }

        /** Reads this number of bytes of the body; fewer if the body ends or breaks. */
        public byte[] read(int bytes) throws IOException {
            ByteArrayOutputStream some = new ByteArrayOutputStream();
            body.read(bytes, some);
            return some.toByteArray();
        }

        /** Returns the part of the body that was unread at the first call, up to its end or break. */
        public byte[] body() throws IOException {
            if (rest == null) {
                ByteArrayOutputStream all = new ByteArrayOutputStream();
                body.read(Long.MAX_VALUE, all);
                rest = all.toByteArray();
            }
            return rest.clone();
        }

        public String text() throws IOException {
            return new String(body(), StandardCharsets.UTF_8);
        }

        /**
         * Returns true if the body was read to its announced end: the Content-Length, or the last chunk; without both,
         * the orderly end of the connection.
         */
        public boolean complete() {
            return body.complete();
        }

        @Override
        public String toString() {
            return status + "\n" + headers;
        }
    }
}
