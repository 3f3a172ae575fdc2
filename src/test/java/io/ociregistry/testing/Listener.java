package io.ociregistry.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** A port on loopback that can listen, refuse connections or leave them hanging, and keeps its number. */
final class Listener implements AutoCloseable {
    private static final int BACKLOG = 1000;
    private static final int HANG_BACKLOG = 1;
    private static final int FILL_TIMEOUT_MILLIS = 200;

    private final Consumer<Socket> accepted;
    private final int port;
    private final List<Socket> fillers = new ArrayList<>();
    private ServerSocket server;
    private Thread accepting = new Thread();

    Listener(Consumer<Socket> accepted) {
        this.accepted = accepted;
        server = bind(0, BACKLOG);
        port = server.getLocalPort();
        accept();
    }

    int port() {
        return port;
    }

    /** Listens again, unless it already listens. */
    synchronized void listen() {
        if (!server.isClosed() && fillers.isEmpty()) {
            return;
        }
        close();
        server = bind(port, BACKLOG);
        accept();
    }

    synchronized void refuse() {
        close();
    }

    /** Listens without accepting, with a full queue: the kernel then drops every further SYN. */
    synchronized void hang() {
        close();
        server = bind(port, HANG_BACKLOG);
        try {
            while (true) {
                Socket filler = new Socket();
                filler.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), FILL_TIMEOUT_MILLIS);
                fillers.add(filler);
            }
        } catch (SocketTimeoutException full) {
            // The queue is full.
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public synchronized void close() {
        try {
            for (Socket filler : fillers) {
                filler.setSoLinger(true, 0);
                filler.close();
            }
            fillers.clear();
            server.close();
            // A thread that is still in accept holds the socket; the kernel would accept another connection.
            accepting.join();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static ServerSocket bind(int port, int backlog) {
        try {
            ServerSocket socket = new ServerSocket();
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), backlog);
            return socket;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void accept() {
        ServerSocket listening = server;
        Thread thread = new Thread(() -> acceptFrom(listening), "fake-upstream-" + listening.getLocalPort());
        thread.setDaemon(true);
        thread.start();
        accepting = thread;
    }

    private void acceptFrom(ServerSocket listening) {
        try {
            while (true) {
                accepted.accept(listening.accept());
            }
        } catch (IOException closed) {
            // The listener is closed.
        }
    }
}
