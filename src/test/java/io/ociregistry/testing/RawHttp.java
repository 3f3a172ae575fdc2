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
 * One connection of an HTTP client that sends exactly what it is told and shows exactly what comes back. It retries,
 * follows, decodes and
 * hides nothing. Reading fails after {@link #PATIENCE}, so that no test hangs.
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
     * @param base where the server is; a path in it comes before every path asked for by {@link #send}
     */
    public static RawHttp connect(URI base) throws IOException {
        return new RawHttp(base, tcp(base, 0));
    }

    /** With a receive buffer so small that a server notices soon that nobody reads. */
    public static RawHttp connectWithBuffer(URI base, int bytes) throws IOException {
        return new RawHttp(base, tcp(base, bytes));
    }

    public static RawHttp connectTls(URI base, SSLContext tls) throws IOException {
        Socket tcp = tcp(base, 0);
        return new RawHttp(base, tls.getSocketFactory().createSocket(tcp, base.getHost(), base.getPort(), true));
    }

    /** Asks one thing on a connection of its own and reads all of it. Headers are given as {@code "Name: value"}. */
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

    /** Sends a request line, Host and these headers, and reads the answer's headers; its body is still to be read. */
    public Response send(String method, String pathAndQuery, String... headers) throws IOException {
        return sendWithBody("", method, pathAndQuery, headers);
    }

    /** The same with bytes after the headers; Content-Length is up to the caller. */
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

    /** Sends these bytes and nothing else. */
    public Response sendRaw(String request, boolean expectsNoBody) throws IOException {
        write(request);
        return Response.read(in, expectsNoBody);
    }

    /** Sends these bytes and waits for nothing. */
    public void write(String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.ISO_8859_1));
        out.flush();
    }

    /** Everything that still comes, headers or not, until the server closes. */
    public byte[] rest() throws IOException {
        return in.readAllBytes();
    }

    /** How long to wait for the next byte. */
    public void patience(Duration time) throws IOException {
        socket.setSoTimeout((int) time.toMillis());
    }

    /** Leaves as clients do whose process was killed: with RST, whatever is still under way. */
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

    /** An answer: the headers as they came, and the body as far as it has been read. One thread's. */
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

        /** The value of the only field of that name; null if there is none. */
        public @Nullable String header(String name) {
            List<String> values = headers.all(name);
            if (values.size() > 1) {
                throw new AssertionError("more than one " + name + ": " + values);
            }
            return values.isEmpty() ? null : values.get(0);
        }

        /** The next bytes of the body: as many as asked for, fewer only where it ends or breaks. */
        public byte[] read(int bytes) throws IOException {
            ByteArrayOutputStream some = new ByteArrayOutputStream();
            body.read(bytes, some);
            return some.toByteArray();
        }

        /** What had not been read of the body yet when this was first called, up to its end or to where it breaks. */
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
         * True if the body was read to its announced end: the Content-Length, or the last chunk; without both, the
         * orderly
         * end of the connection.
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
