package io.ociregistry.testing;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * An HTTP proxy on loopback: CONNECT for tunnels, absolute-form for plain HTTP. It connects only to the targets in its
 * table, which are on loopback, and answers 502 for other hosts, so that no traffic leaves the machine. It records
 * every request.
 */
public final class ConnectProxy implements AutoCloseable {
    private static final long NEVER = Long.MAX_VALUE;

    private final Map<String, Integer> table = new ConcurrentHashMap<>();
    private final List<Seen> requests = new CopyOnWriteArrayList<>();
    private final Set<Closeable> sockets = ConcurrentHashMap.newKeySet();
    private final AtomicInteger connections = new AtomicInteger();
    private final AtomicLong cutAfter = new AtomicLong(NEVER);
    private final Listener listener;
    private volatile Optional<String> wanted = Optional.empty();
    private volatile String refusal = "";
    private volatile boolean silent;

    /** A request as the proxy saw it. */
    public record Seen(String line, Headers headers) {
        public Optional<String> header(String name) {
            return headers.first(name);
        }

        @Override
        public String toString() {
            return line;
        }
    }

    private ConnectProxy() {
        listener = new Listener(this::serve);
    }

    public static ConnectProxy start() {
        return new ConnectProxy();
    }

    public int port() {
        return listener.port();
    }

    /** Maps a host name and port to a fake server. */
    public ConnectProxy leadTo(String authority, FakeUpstream upstream) {
        table.put(authority, upstream.port());
        return this;
    }

    public ConnectProxy requireBasic(String user, String password) {
        byte[] both = (user + ":" + password).getBytes(StandardCharsets.UTF_8);
        wanted = Optional.of("Basic " + Base64.getEncoder().encodeToString(both));
        return this;
    }

    /** Answers every request itself, with a status and headers as on the wire. */
    public ConnectProxy refuse(int status, String... headers) {
        refusal = alone(status, headers);
        return this;
    }

    /** Accepts connections and reads requests, and never answers. */
    public ConnectProxy keepSilent() {
        silent = true;
        return this;
    }

    /** Stops listening. */
    public void die() {
        listener.refuse();
        cut();
    }

    /** Resets the next tunnel after this number of bytes towards the client. */
    public ConnectProxy cutNextTunnelAfter(long bytes) {
        cutAfter.set(bytes);
        return this;
    }

    /** Resets all open connections. */
    public void cut() {
        sockets.forEach(ConnectProxy::closeQuietly);
    }

    public List<Seen> requests() {
        return List.copyOf(requests);
    }

    /** Returns the request lines. */
    public List<String> lines() {
        return requests.stream().map(Seen::line).toList();
    }

    public int connections() {
        return connections.get();
    }

    @Override
    public void close() {
        die();
    }

    private void serve(Socket client) {
        int number = connections.incrementAndGet();
        daemon("proxy-" + number, () -> talk(client));
    }

    private void talk(Socket client) {
        sockets.add(client);
        try (client) {
            InputStream in = new BufferedInputStream(client.getInputStream());
            for (Optional<Seen> next = read(in); next.isPresent(); next = read(in)) {
                Seen request = next.get();
                requests.add(request);
                Optional<String> answer = answer(request);
                if (answer.isPresent()) {
                    write(client.getOutputStream(), answer.get());
                } else if (silent) {
                    in.transferTo(OutputStream.nullOutputStream());
                } else {
                    lead(client, in, request);
                    return;
                }
            }
        } catch (IOException over) {
            // The proxy or a peer broke the connection on purpose.
        } finally {
            sockets.remove(client);
        }
    }

    private Optional<String> answer(Seen request) {
        if (!refusal.isEmpty()) {
            return Optional.of(refusal);
        }
        if (wanted.isPresent() && !request.header("Proxy-Authorization").equals(wanted)) {
            return Optional.of(alone(407, "Proxy-Authenticate: Basic realm=\"proxy\"\r\n"));
        }
        return table.containsKey(authority(request)) ? Optional.empty() : Optional.of(alone(502));
    }

    private static String alone(int status, String... headers) {
        return "HTTP/1.1 " + status + " Alone\r\n" + String.join("", headers) + "Content-Length: 0\r\n\r\n";
    }

    /** Forwards all further bytes of the client to the target. */
    private void lead(Socket client, InputStream in, Seen first) throws IOException {
        try (Socket target = new Socket(InetAddress.getLoopbackAddress(), table.get(authority(first)))) {
            sockets.add(target);
            boolean tunnel = first.line().startsWith("CONNECT ");
            long limit = tunnel ? cutAfter.getAndSet(NEVER) : NEVER;
            if (tunnel) {
                write(client.getOutputStream(), "HTTP/1.1 200 Connected\r\n\r\n");
            }
            daemon("proxy-answers", () -> pump(target, client, limit));
            if (tunnel) {
                in.transferTo(target.getOutputStream());
                return;
            }
            forward(first, target);
            for (Optional<Seen> next = read(in); next.isPresent(); next = read(in)) {
                requests.add(next.get());
                forward(next.get(), target);
            }
        }
    }

    private static void forward(Seen request, Socket target) throws IOException {
        String line = request.line().replaceFirst(" http://[^/ ]*", " ");
        StringBuilder head = new StringBuilder(line + "\r\n");
        request.headers().fields().stream()
                .filter(field -> !field.name().equalsIgnoreCase("Proxy-Authorization"))
                .forEach(field -> head.append(field.name() + ": " + field.value() + "\r\n"));
        write(target.getOutputStream(), head + "\r\n");
    }

    private static void pump(Socket from, Socket to, long limit) {
        try (from;
                to) {
            byte[] buffer = new byte[1 << 13];
            long left = limit;
            int count;
            while (left > 0
                    && (count = from.getInputStream().read(buffer, 0, (int) Math.min(buffer.length, left))) >= 0) {
                to.getOutputStream().write(buffer, 0, count);
                left -= count;
            }
        } catch (IOException over) {
            // The other direction ends, too.
        }
    }

    private static String authority(Seen request) {
        String target = request.line().split(" ", -1)[1];
        if (request.line().startsWith("CONNECT ")) {
            return target;
        }
        String host = target.replaceFirst("^http://([^/?]*).*", "$1");
        return host.matches(".*:[0-9]+") ? host : host + ":80";
    }

    private static Optional<Seen> read(InputStream in) throws IOException {
        String line = line(in);
        if (line.isEmpty()) {
            return Optional.empty();
        }
        List<Headers.Field> fields = new ArrayList<>();
        for (String field = line(in); !field.isEmpty(); field = line(in)) {
            int colon = field.indexOf(':');
            fields.add(new Headers.Field(
                    field.substring(0, colon), field.substring(colon + 1).strip()));
        }
        return Optional.of(new Seen(line, new Headers(fields)));
    }

    private static String line(InputStream in) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int b = in.read(); b >= 0 && b != '\n'; b = in.read()) {
            line.write(b);
        }
        return line.toString(StandardCharsets.ISO_8859_1).stripTrailing();
    }

    private static void write(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.ISO_8859_1));
        out.flush();
    }

    private static void daemon(String name, Runnable work) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.start();
    }

    private static void closeQuietly(Closeable open) {
        try (Closeable closing = open) {
            if (closing instanceof Socket socket) {
                socket.setSoLinger(true, 0);
            }
        } catch (IOException alreadyGone) {
            // The socket is already closed.
        }
    }
}
