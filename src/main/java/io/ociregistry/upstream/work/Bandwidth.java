package io.ociregistry.upstream.work;

import io.ociregistry.upstream.Priority;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * Limits the bytes a second that all transfers of one upstream's blobs read together. Thread-safe.
 *
 * <p>Each read is small, and waits for its turn and for the time that its bytes take at that rate. Up to a quarter of a
 * second of unused time can be made up for, and the reads of all threads amount to another quarter. So in any period
 * the bytes read are at most those of that period plus half a second.
 *
 * <p>A prefetch lets waiting clients go first, for at most five seconds per read, because an upstream closes a
 * connection from which nothing is read.
 */
public final class Bandwidth {
    private static final long SECOND = Duration.ofSeconds(1).toNanos();
    private static final long MAX_UNUSED = SECOND / 4;
    /** Shorter sleeps are inaccurate, so shorter times are added to a later sleep. */
    private static final long SHORTEST_SLEEP = SECOND / 200;

    private static final int SMALLEST_READ = 512;
    private static final int LARGEST_READ = 1 << 16;
    private static final long YIELD_INTERVAL = SECOND / 20;
    private static final int MAX_YIELDS = 100;

    private final long bytesPerSecond;
    private final int maxRead;
    private final Clock time;
    private final Supplier<Priority> priority;

    private final AtomicInteger clientsWaiting = new AtomicInteger();
    /** The time at which all bytes read so far are paid for. Guarded by this. */
    private long freeAt;

    /** A monotonic clock, and sleeping by it. */
    public interface Clock {
        Clock SYSTEM = new Clock() {
            @Override
            public long nanoTime() {
                return System.nanoTime();
            }

            @Override
            public void sleep(long nanos) throws InterruptedException {
                TimeUnit.NANOSECONDS.sleep(nanos);
            }
        };

        long nanoTime();

        void sleep(long nanos) throws InterruptedException;
    }

    /**
     * Creates a limit.
     *
     * @param readers the maximal number of concurrent transfers
     * @param priority returns the priority of the calling thread's transfer
     */
    public Bandwidth(long bytesPerSecond, int readers, Clock time, Supplier<Priority> priority) {
        this.bytesPerSecond = bytesPerSecond;
        this.maxRead = (int) Math.min(LARGEST_READ, Math.max(SMALLEST_READ, bytesPerSecond / 4 / readers));
        this.time = time;
        this.priority = priority;
        this.freeAt = time.nanoTime();
    }

    /** Returns a stream of the same bytes that is limited to this rate. Closing it closes {@code in}. */
    public InputStream limit(InputStream in) {
        return new Limited(in);
    }

    /** Waits for the time that so many bytes take. */
    private void throttle(int bytes) throws InterruptedIOException {
        try {
            for (int i = 0; i < MAX_YIELDS && isPrefetch() && clientsWaiting.get() > 0; i++) {
                time.sleep(YIELD_INTERVAL);
            }
            sleep(reserve(bytes), isPrefetch() ? 0 : 1);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("the transfer was interrupted while it waited for bandwidth");
        }
    }

    private boolean isPrefetch() {
        return priority.get() == Priority.PREFETCH;
    }

    private void sleep(long nanos, int clients) throws InterruptedException {
        if (nanos < SHORTEST_SLEEP) {
            return;
        }
        clientsWaiting.addAndGet(clients);
        try {
            time.sleep(nanos);
        } finally {
            clientsWaiting.addAndGet(-clients);
        }
    }

    /** Accounts for the bytes; returns how long to wait. */
    private synchronized long reserve(int bytes) {
        long now = time.nanoTime();
        if (freeAt - (now - MAX_UNUSED) < 0) {
            freeAt = now - MAX_UNUSED;
        }
        freeAt += bytes * SECOND / bytesPerSecond;
        return freeAt - now;
    }

    private final class Limited extends InputStream {
        private final InputStream in;

        Limited(InputStream in) {
            this.in = in;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            int count = in.read(bytes, offset, Math.min(length, maxRead));
            if (count > 0) {
                throttle(count);
            }
            return count;
        }

        @Override
        public void close() throws IOException {
            in.close();
        }
    }
}
