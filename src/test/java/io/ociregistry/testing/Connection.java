package io.ociregistry.testing;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A connection that a {@link FakeUpstream} accepted: reads requests and sends responses exactly as built. Confined to a
 * thread, except for aborts.
 */
final class Connection {
    /** Signals that the connection was ended on purpose. */
    static final class Ended extends IOException {
        Ended(String how) {
            super(how);
        }
    }

    private static final byte[] LINE_END = {'\r', '\n'};

    private final Socket socket;
    private final Socket tcp;
    private final InputStream in;
    private final OutputStream out;

    /**
     * @param socket the socket to read and write: TLS, or the TCP connection itself
     * @param tcp the TCP connection
     */
    Connection(Socket socket, Socket tcp) throws IOException {
        this.socket = socket;
        this.tcp = tcp;
        this.in = new BufferedInputStream(socket.getInputStream());
        this.out = new BufferedOutputStream(socket.getOutputStream(), 1 << 16);
    }

    /** Reads the next request; empty if the client closed the connection. */
    Optional<Recorded> read() throws IOException {
        Optional<String> line = line();
        if (line.isEmpty()) {
            return Optional.empty();
        }
        String[] words = line.get().split(" ", -1);
        if (words.length != 3) {
            throw new Ended("no HTTP request: " + line.get());
        }
        List<Headers.Field> fields = new ArrayList<>();
        for (String field = headerLine(); !field.isEmpty(); field = headerLine()) {
            int colon = field.indexOf(':');
            if (colon < 0) {
                throw new Ended("no HTTP header: " + field);
            }
            fields.add(new Headers.Field(
                    field.substring(0, colon), field.substring(colon + 1).strip()));
        }
        Headers headers = new Headers(fields);
        int length = headers.first("Content-Length").map(Integer::parseInt).orElse(0);
        String body = new String(in.readNBytes(length), StandardCharsets.UTF_8);
        return Optional.of(new Recorded(words[0], words[1], headers, body));
    }

    void send(Answer answer, Recorded request) throws IOException, InterruptedException {
        for (Answer.Act act : answer.beforeHeaders) {
            act.on(this);
        }
        boolean bare = request.method().equals("HEAD");
        request.answeredWith(answer.status);
        out.write(head(answer).getBytes(StandardCharsets.ISO_8859_1));
        if (!bare) {
            sendBody(answer, request);
        }
        out.flush();
        if (answer.framing == Answer.Framing.CLOSE || answer.surplus.size() > 0) {
            close();
        }
    }

    private static String head(Answer answer) {
        Headers headers = answer.headers;
        headers = switch (answer.framing) {
            case LENGTH -> headers.with("Content-Length", Long.toString(answer.body.size()));
            case CHUNKED -> headers.with("Transfer-Encoding", "chunked");
            case CLOSE -> headers.with("Connection", "close");
        };
        return "HTTP/1.1 " + answer.status + " Fake\r\n" + headers + "\r\n";
    }

    private void sendBody(Answer answer, Recorded request) throws IOException, InterruptedException {
        long at = 0;
        for (Answer.Stop stop : answer.stopsInOrder()) {
            long until = Math.min(stop.at(), answer.body.size());
            copy(answer, request, at, until);
            at = until;
            out.flush();
            stop.act().on(this);
        }
        copy(answer, request, at, answer.body.size());
        if (answer.framing == Answer.Framing.CHUNKED) {
            out.write("0\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1));
        }
        out.write(answer.surplus.bytes());
    }

    private void copy(Answer answer, Recorded request, long from, long to) throws IOException, InterruptedException {
        byte[] buffer = new byte[answer.chunk];
        for (long at = from; at < to; ) {
            int length = (int) Math.min(buffer.length, to - at);
            answer.body.copy(at, buffer, length);
            write(buffer, length, answer.framing == Answer.Framing.CHUNKED);
            request.sent(length);
            at += length;
            if (!answer.pause.isZero()) {
                out.flush();
                Thread.sleep(answer.pause.toMillis());
            }
        }
    }

    private void write(byte[] bytes, int length, boolean chunked) throws IOException {
        if (chunked) {
            out.write(Integer.toHexString(length).getBytes(StandardCharsets.ISO_8859_1));
            out.write(LINE_END);
        }
        out.write(bytes, 0, length);
        if (chunked) {
            out.write(LINE_END);
        }
    }

    /** Sends RST, but not before the client's kernel has all written bytes. */
    void reset() throws IOException {
        out.flush();
        SendQueue.awaitEmpty(tcp);
        abort();
        throw new Ended("reset");
    }

    /** Closes with FIN. */
    void close() throws IOException {
        out.flush();
        socket.close();
        throw new Ended("closed");
    }

    /** Sends nothing until the client disconnects. */
    void stall() throws IOException {
        out.flush();
        while (in.read() >= 0) {
            // A client that sends more bytes is still connected.
        }
        throw new Ended("stalled");
    }

    private void abort() {
        abort(tcp);
    }

    /** Sends RST at once; safe from any thread. */
    static void abort(Socket tcp) {
        try (Socket dying = tcp) {
            dying.setSoLinger(true, 0);
            // A blocked reader could otherwise still read a request that arrives before it notices the close.
            dying.shutdownInput();
        } catch (IOException alreadyGone) {
            // The socket is already closed.
        }
    }

    private String headerLine() throws IOException {
        return line().orElseThrow(() -> new Ended("the client closed the connection in the headers"));
    }

    private Optional<String> line() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        int b;
        while ((b = in.read()) >= 0) {
            if (b == '\n') {
                return Optional.of(line.toString(StandardCharsets.ISO_8859_1).stripTrailing());
            }
            line.write(b);
        }
        return Optional.empty();
    }
}
