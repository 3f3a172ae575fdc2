package io.ociregistry.web.api;

import io.ociregistry.common.Daemons;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Writes lines of the access log some milliseconds later on a thread of its own, many at a time, so that neither their
 * format nor a slow disk delays a request. No line is lost: if too many wait, the next caller writes them all.
 * Thread-safe.
 */
final class AccessLogQueue {
    private static final int MAX_WAITING = 4096;
    private static final long DELAY_MILLIS = 20;

    /** Each writes one line. */
    private final Queue<Runnable> lines = new ConcurrentLinkedQueue<>();

    private final AtomicInteger waiting = new AtomicInteger();
    private final AtomicBoolean scheduled = new AtomicBoolean();
    /** Created when a line is added, also after {@link #close}. */
    private @Nullable ScheduledThreadPoolExecutor writer; // guarded by this

    void add(Runnable line) {
        lines.add(line);
        if (waiting.incrementAndGet() > MAX_WAITING) {
            writeAll();
        } else if (scheduled.compareAndSet(false, true)) {
            schedule();
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored") // a line never fails
    private synchronized void schedule() {
        if (writer == null) {
            writer = new ScheduledThreadPoolExecutor(1, Daemons.withName("access log"));
        }
        writer.schedule(
                () -> {
                    scheduled.set(false);
                    writeAll();
                },
                DELAY_MILLIS,
                TimeUnit.MILLISECONDS);
    }

    /** One thread at a time writes, so that lines stay in order. */
    private void writeAll() {
        synchronized (lines) {
            for (Runnable line = lines.poll(); line != null; line = lines.poll()) {
                waiting.decrementAndGet();
                line.run();
            }
        }
    }

    /** Writes all lines and ends the thread. */
    synchronized void close() {
        if (writer != null) {
            writer.shutdownNow();
            writer = null;
        }
        scheduled.set(false);
        writeAll();
    }
}
