package io.ociregistry.web.api;

import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * Lines for one client of the admin API, which are sent as soon as they are added. {@link #add} never waits for the
 * client; after the client has disconnected, lines are dropped. Any thread may add lines; one thread takes them.
 */
public final class LineStream {
    private static final int MAX_QUEUED = 1000;
    private static final long KEEP_ALIVE_SECONDS = 20;

    /** An empty element is the end of the stream. */
    private final BlockingQueue<Optional<String>> lines = new LinkedBlockingQueue<>();

    private volatile boolean disconnected;

    public void add(String line) {
        if (!disconnected) {
            lines.add(Optional.of(line));
        }
    }

    /** Adds a line, or drops it if 1,000 lines are queued; for progress, which later lines replace. */
    public void addDroppable(String line) {
        if (lines.size() < MAX_QUEUED) {
            add(line);
        }
    }

    /** Ends the stream after the lines added so far. */
    public void end() {
        lines.add(Optional.empty());
    }

    /**
     * Waits for the next line. After 20 seconds without a line, returns an empty line, which keeps the connection open.
     *
     * @return empty at the end of the stream
     */
    public Optional<String> take() throws InterruptedException {
        Optional<String> next = lines.poll(KEEP_ALIVE_SECONDS, TimeUnit.SECONDS);
        return next == null ? Optional.of("") : next;
    }

    /** Returns true if {@link #take} would wait. */
    public boolean isEmpty() {
        return lines.isEmpty();
    }

    /** Drops the lines that are queued, and all later ones. */
    public void disconnect() {
        disconnected = true;
        lines.clear();
    }
}
