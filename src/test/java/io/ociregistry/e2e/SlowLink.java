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
 * A bad line between a client and a server: a TCP proxy on loopback that is slow and breaks where it is told to, and
 * knows what went over it.
 *
 * <p>Rate, breaks and count are about bytes towards the client, of all connections together. Its buffers are so small
 * that a broken
 * connection loses at most {@link #LOST_AT_MOST} bytes that were counted; it knows no protocol.
 */
final class SlowLink implements AutoCloseable {
    /** What the kernel makes of {@link #BUFFER}, and one piece on its way. */
    static final long LOST_AT_MOST = 64 << 10;

    private static final int BUFFER = 16 << 10;
    private static final int PIECE = 8 << 10;

    /**
     * How the line breaks, once so many bytes have gone over it since the start. All connections that are open then
     * are over.
     */
    record Break(long afterBytes, Kind kind) {
        enum Kind {
            /** Both ends are told (RST). */
            RESET,
            /** Nobody is told anything: not a byte goes over these connections any more. */
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

    /** Starts one to a port of loopback. */
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

    /** How many bytes went to the client on each connection so far, in the order in which they were opened. */
    synchronized List<Long> bytesPerConnection() {
        return all.stream().map(line -> line.bytes).toList();
    }

    /** The breaks that did not come yet. */
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
            // The end of listening; a target that refuses ends it too, and whoever connects here is refused as well.
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

    /** Counts a piece that is about to go to the client; false if it may not go, since the line broke before it. */
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

    /** One connection. */
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

        /** Reads on when the line has stalled, for want of a better way to see that the client has given up. */
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
                // That is what was wanted.
            }
        }

        private void end() {
            closed(this);
            try (client;
                    server) {
                client.shutdownOutput();
            } catch (IOException alreadyGone) {
                // That is what was wanted.
            }
        }
    }

    /** So many bytes a second, whoever sends them. */
    private static final class Pace {
        private static final long SECOND = 1_000_000_000L;
        /** A thread that slept too long may catch up so much. */
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
