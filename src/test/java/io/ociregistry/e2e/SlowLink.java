package io.ociregistry.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * A TCP proxy on loopback that limits the rate, breaks connections as configured, and counts bytes.
 *
 * <p>Rate, breaks and count are for bytes towards the client, over all connections together. Its buffers are so small
 * that a broken connection loses at most {@link #LOST_AT_MOST} counted bytes. It does not interpret the protocol.
 */
final class SlowLink implements AutoCloseable {
    /** The kernel's buffer for a request of {@link #BUFFER}, and a piece in transit. */
    static final long LOST_AT_MOST = 64 << 10;

    private static final int BUFFER = 16 << 10;
    private static final int PIECE = 8 << 10;

    /**
     * A break of the line after this number of bytes since the start; it affects all connections that are open then.
     */
    record Break(long afterBytes, Kind kind) {
        enum Kind {
            /** Both ends receive RST. */
            RESET,
            /** Neither end is notified: no further byte passes on these connections. */
            STALL
        }
    }

    private final ServerSocket listening;
    private final int target;
    private final Pace pace;
    // Guarded by this.
    private final Deque<Break> breaks;
    private final List<Line> open = new ArrayList<>();
    private final List<Line> all = new ArrayList<>();
    private long total;

    private SlowLink(ServerSocket listening, int target, long bytesPerSecond, List<Break> breaks) {
        this.listening = listening;
        this.target = target;
        this.pace = new Pace(bytesPerSecond);
        this.breaks = new ArrayDeque<>(breaks);
    }

    /** Starts a link to a port on loopback. */
    static SlowLink to(int target, long bytesPerSecond, List<Break> breaks) {
        try {
            var listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
            var link = new SlowLink(listening, target, bytesPerSecond, breaks);
            daemon("slow-link", link::accept);
            return link;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    int port() {
        return listening.getLocalPort();
    }

    /** Returns the number of bytes sent to the client on each connection, in the order of opening. */
    synchronized List<Long> bytesPerConnection() {
        return all.stream().map(line -> line.bytes).toList();
    }

    /** Returns the breaks that have not occurred yet. */
    synchronized List<Break> breaksToCome() {
        return List.copyOf(breaks);
    }

    @Override
    public void close() {
        try {
            listening.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        synchronized (this) {
            open.forEach(Line::reset);
            open.clear();
        }
    }

    private void accept() {
        try {
            while (true) {
                var client = listening.accept();
                client.setSendBufferSize(BUFFER);
                var server = new Socket();
                server.setReceiveBufferSize(BUFFER);
                server.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), target));
                open(new Line(client, server));
            }
        } catch (IOException closed) {
            // The listener is closed, or the target refuses connections; the link then refuses clients, too.
        }
    }

    private void open(Line line) {
        synchronized (this) {
            all.add(line);
            open.add(line);
        }
        daemon("slow-link-up", line::up);
        daemon("slow-link-down", line::down);
    }

    /** Counts a piece for the client; returns false if the line broke before it and the piece must not be sent. */
    private synchronized boolean count(Line line, int bytes) {
        if (!open.contains(line)) {
            return false;
        }
        line.bytes += bytes;
        total += bytes;
        return true;
    }

    private synchronized void breakIfDue() {
        if (!breaks.isEmpty() && total >= breaks.element().afterBytes()) {
            if (breaks.remove().kind() == Break.Kind.RESET) {
                open.forEach(Line::reset);
            }
            open.clear();
        }
    }

    private synchronized boolean isOpen(Line line) {
        return open.contains(line);
    }

    private synchronized void closed(Line line) {
        open.remove(line);
    }

    private static void daemon(String name, Runnable work) {
        var thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.start();
    }

    /** A connection of the link. */
    private final class Line {
        private final Socket client;
        private final Socket server;
        /** Guarded by the link. */
        private long bytes;

        Line(Socket client, Socket server) {
            this.client = client;
            this.server = server;
        }

        void down() {
            var piece = new byte[PIECE];
            try {
                int count;
                while ((count = server.getInputStream().read(piece)) >= 0) {
                    pace.await(count);
                    if (!count(this, count)) {
                        return;
                    }
                    client.getOutputStream().write(piece, 0, count);
                    breakIfDue();
                }
                end();
            } catch (IOException gone) {
                end();
            }
        }

        /** Continues to read on a stalled line, to detect that the client closed the connection. */
        void up() {
            var piece = new byte[PIECE];
            try {
                int count;
                while ((count = client.getInputStream().read(piece)) >= 0) {
                    if (isOpen(this)) {
                        server.getOutputStream().write(piece, 0, count);
                    }
                }
                end();
            } catch (IOException gone) {
                end();
            }
        }

        void reset() {
            try (client;
                    server) {
                client.setSoLinger(true, 0);
                server.setSoLinger(true, 0);
            } catch (IOException alreadyGone) {
                // The socket is already closed.
            }
        }

        private void end() {
            closed(this);
            try (client;
                    server) {
                client.shutdownOutput();
            } catch (IOException alreadyGone) {
                // The socket is already closed.
            }
        }
    }

    /** A limit of bytes per second, shared by all threads. */
    private static final class Pace {
        private static final long SECOND = 1_000_000_000L;
        /** The time that a thread may catch up after it slept too long. */
        private static final long SLACK = SECOND / 50;

        private final long bytesPerSecond;
        private long free = System.nanoTime();

        Pace(long bytesPerSecond) {
            this.bytesPerSecond = bytesPerSecond;
        }

        void await(int bytes) {
            var due = next(bytes);
            for (var left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
                LockSupport.parkNanos(left);
            }
        }

        private synchronized long next(int bytes) {
            free = Math.max(free, System.nanoTime() - SLACK) + bytes * SECOND / bytesPerSecond;
            return free;
        }
    }
}
