package io.ociregistry.testing;

import java.io.IOException;
import java.net.Socket;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/** The wire side of a {@link FakeUpstream}: accepts connections, serves each in a thread, and records requests. */
final class FakeServer implements AutoCloseable {
    private final Optional<SSLContext> own;
    private volatile Optional<SSLContext> tls;
    private final ClientCertificates certificates;
    private final Function<Recorded, Answer> answering;
    /**
     * The connections from accept until they end or are aborted; so an abort includes connections whose thread has not
     * started yet.
     *
     * <p>Requests from connections outside of this set arrived after the abort and are ignored: a thread that waits in
     * recv may get bytes that arrive before the signal that its socket was closed.
     */
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();

    /** Connections whose input is discarded. */
    private final Set<Socket> swallowing = ConcurrentHashMap.newKeySet();

    private final List<Recorded> requests = new CopyOnWriteArrayList<>();
    private final AtomicInteger accepted = new AtomicInteger();
    private final Listener listener;

    /** The requirement for client certificates. */
    enum ClientCertificates {
        NONE,
        ASKED_FOR,
        NEEDED
    }

    FakeServer(Optional<SSLContext> tls, ClientCertificates certificates, Function<Recorded, Answer> answering) {
        this.own = tls;
        this.tls = tls;
        this.certificates = certificates;
        this.answering = answering;
        this.listener = new Listener(this::serve);
    }

    String url() {
        return (tls.isPresent() ? "https://127.0.0.1:" : "http://127.0.0.1:") + port();
    }

    int port() {
        return listener.port();
    }

    Listener listener() {
        return listener;
    }

    List<Recorded> requests() {
        return requests;
    }

    int connections() {
        return accepted.get();
    }

    int openConnections() {
        return open.size();
    }

    /** Presents another certificate on new connections. */
    void show(SSLContext other) {
        tls = Optional.of(other);
    }

    void ownCertificate() {
        tls = own;
    }

    void resetConnections() {
        for (Socket socket : List.copyOf(open)) {
            open.remove(socket);
            Connection.abort(socket);
        }
    }

    /** Discards the input of the open connections, and keeps them open. */
    void swallowConnections() {
        swallowing.addAll(open);
    }

    @Override
    public void close() {
        listener.close();
        resetConnections();
    }

    private void serve(Socket socket) {
        int number = accepted.incrementAndGet();
        open.add(socket);
        Thread thread = new Thread(() -> talk(socket), "fake-upstream-" + port() + "-" + number);
        thread.setDaemon(true);
        thread.start();
    }

    private void talk(Socket tcp) {
        try (Socket socket = secured(tcp)) {
            socket.setTcpNoDelay(true);
            talk(tcp, new Connection(socket, tcp));
        } catch (IOException over) {
            // The client or this server broke the connection; Recorded has the details.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            open.remove(tcp);
            swallowing.remove(tcp);
        }
    }

    private Socket secured(Socket tcp) throws IOException {
        Optional<SSLContext> shown = tls;
        if (shown.isEmpty()) {
            return tcp;
        }
        SSLSocket socket = (SSLSocket) shown.get().getSocketFactory().createSocket(tcp, null, true);
        socket.setWantClientAuth(certificates == ClientCertificates.ASKED_FOR);
        if (certificates == ClientCertificates.NEEDED) {
            socket.setNeedClientAuth(true);
        }
        return socket;
    }

    private void talk(Socket tcp, Connection connection) throws IOException, InterruptedException {
        for (var next = connection.read(); next.isPresent(); next = connection.read()) {
            Recorded request = next.get();
            if (!open.contains(tcp)) {
                return;
            }
            if (swallowing.contains(tcp)) {
                connection.stall();
            }
            requests.add(request);
            boolean whole = false;
            try {
                Answer answer = answering.apply(request);
                answer.honourRange(request);
                connection.send(answer, request);
                whole = true;
            } finally {
                request.finish(!whole);
            }
        }
    }
}
