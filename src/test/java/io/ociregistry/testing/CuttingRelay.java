package io.ociregistry.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;

/** A TCP relay to a server that breaks connections after a number of bytes from the client. */
public final class CuttingRelay implements AutoCloseable {
    private final URI target;
    private final ServerSocket listener;
    private final Queue<Long> cuts = new ConcurrentLinkedQueue<>();
    private final AtomicLong relayed = new AtomicLong();
    private final ExecutorService threads = Executors.newCachedThreadPool();

    private CuttingRelay(URI target, ServerSocket listener) {
        this.target = target;
        this.listener = listener;
    }

    /** Starts a relay to the port of a server on loopback. */
    public static CuttingRelay to(URI target) throws IOException {
        CuttingRelay relay = new CuttingRelay(target, new ServerSocket(0, 50, InetAddress.getLoopbackAddress()));
        relay.threads.execute(relay::accept);
        return relay;
    }

    public String url() {
        return "http://127.0.0.1:" + listener.getLocalPort();
    }

    /** Breaks a connection, once, when its client has sent more than so many bytes. */
    public void cutAfter(long bytes) {
        cuts.add(bytes);
    }

    /** Returns the cuts that were not made yet. */
    public int cutsLeft() {
        return cuts.size();
    }

    /** Returns the number of bytes that clients sent. */
    public long relayed() {
        return relayed.get();
    }

    private void accept() {
        try {
            while (true) {
                Socket client = listener.accept();
                Socket server = new Socket(target.getHost(), target.getPort());
                threads.execute(() -> copy(client, server, true));
                threads.execute(() -> copy(server, client, false));
            }
        } catch (IOException e) {
            if (!listener.isClosed()) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private void copy(Socket from, Socket to, boolean isFromClient) {
        byte[] buffer = new byte[8192];
        long copied = 0;
        try (from;
                to) {
            InputStream in = from.getInputStream();
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                to.getOutputStream().write(buffer, 0, count);
                if (isFromClient) {
                    relayed.addAndGet(count);
                    copied += count;
                    Long cut = cuts.peek();
                    if (cut != null && copied > cut && cuts.remove(cut)) {
                        return;
                    }
                }
            }
        } catch (IOException e) {
            // One side broke off; closing both passes that on.
        }
    }

    @Override
    public void close() throws IOException {
        listener.close();
        threads.shutdownNow();
    }
}
