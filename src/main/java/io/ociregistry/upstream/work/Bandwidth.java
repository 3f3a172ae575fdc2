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
 * Keeps all that is read of one upstream's blobs to so many bytes a second.
 *
 * <p>Who has read something waits until its time is over, all one after the other and in small steps. A quarter of a second that nobody used
 * may be made up for, and the steps of all come to another quarter, so over any time no more is read than in that time and half a second.
 * What is prefetched lets clients go first, for five seconds at most with each step: an upstream would close a connection from which nothing is
 * read.
 */
public final class Bandwidth {
    private static final long SECOND = Duration.ofSeconds(1).toNanos();
    private static final long UNUSED = SECOND / 4;
    /** Sleeps that are shorter take longer than they should; what is less is slept off later. */
    private static final long SHORTEST_SLEEP = SECOND / 200;

    private static final int SMALLEST_READ = 512;
    private static final int LARGEST_READ = 1 << 16;
    private static final long LOOK_AGAIN = SECOND / 20;
    private static final int MOST_LOOKS = 100;

    private final long bytesPerSecond;
    private final int step;
    private final Time time;
    private final Supplier<Priority> priority;

    private final AtomicInteger clientsWaiting = new AtomicInteger();
    /** Guarded by this. */
    private long freeAt;

    /** A clock that nobody sets, and waiting by it. */
    public interface Time {
        Time SYSTEM = new Time() {
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
     * Nothing was read yet.
     *
     * @param readers how many read at the same time at most
     * @param priority how urgent what the calling thread reads is
     */
    public Bandwidth(long bytesPerSecond, int readers, Time time, Supplier<Priority> priority) {
        this.bytesPerSecond = bytesPerSecond;
        this.step = (int) Math.min(LARGEST_READ, Math.max(SMALLEST_READ, bytesPerSecond / 4 / readers));
        this.time = time;
        this.priority = priority;
        this.freeAt = time.nanoTime();
    }

    /** The same bytes, not faster than that. Closing it closes what it reads from. */
    public InputStream limit(InputStream in) {
        return new Limited(in);
    }

    /** Waits for the time that so many bytes take. */
    private void pass(int bytes) throws InterruptedIOException {
        try {
            for (int i = 0; i < MOST_LOOKS && isPrefetch() && clientsWaiting.get() > 0; i++) {
                time.sleep(LOOK_AGAIN);
            }
            sleep(reserve(bytes), isPrefetch() ? 0 : 1);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("stopped while it waited for bandwidth");
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

    /** Tells how long to wait. */
    private synchronized long reserve(int bytes) {
        long now = time.nanoTime();
        if (freeAt - (now - UNUSED) < 0) {
            freeAt = now - UNUSED;
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
            int count = in.read(bytes, offset, Math.min(length, step));
            if (count > 0) {
                pass(count);
            }
            return count;
        }

        @Override
        public void close() throws IOException {
            in.close();
        }
    }
}
