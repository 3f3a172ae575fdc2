package io.ociregistry.upstream.work;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.upstream.Priority;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BandwidthTest {
    private static final int RATE = 1_000_000;
    private static final long SECOND = Duration.ofSeconds(1).toNanos();

    private final ManualClock time = new ManualClock();
    private Priority priority = Priority.CLIENT;
    private final Bandwidth bandwidth = limit(RATE);
    /** The bytes read until each time. */
    private final NavigableMap<Long, Long> read = new TreeMap<>();

    private long total;

    @AfterEach
    void stopBeingInterrupted() {
        Thread.interrupted();
    }

    @ParameterizedTest
    @ValueSource(ints = {1024, 30_000, RATE, 2 << 20, 100_000_000})
    void readTakesTimeOfItsBytes(int rate) throws IOException {
        readAll(limit(rate), (int) (rate * 3L / 10));
        double seconds = (double) time.now / SECOND;
        assertTrue(seconds > 0.28 && seconds < 0.31, "0.3 s worth of bytes took " + seconds + " s");
    }

    @Test
    void noPeriodExceedsRateByMoreThanHalfASecond() throws IOException {
        for (int i = 0; i < 4; i++) {
            readAll(bandwidth, 2 * RATE);
            time.now += SECOND * 3600;
        }
        read.forEach((start, before) -> {
            long end = start + 2 * SECOND;
            long until = read.floorEntry(end).getValue();
            assertTrue(until - before <= 2.5 * RATE, () -> until - before + " bytes in 2 s");
        });
    }

    @Test
    void concurrentReadersShareTheRate() throws IOException {
        try (InputStream first = bandwidth.limit(stream(RATE));
                InputStream second = bandwidth.limit(stream(RATE))) {
            while (first.read(new byte[1 << 16]) >= 0) {
                assertTrue(second.read(new byte[1 << 16]) >= 0 || first.available() == 0);
            }
        }
        assertEquals(2.0, (double) time.now / SECOND, 0.06);
    }

    @Test
    void skippedBytesCount() throws IOException {
        InputStream in = bandwidth.limit(stream(RATE));
        in.skipNBytes(RATE);
        assertEquals(1.0, (double) time.now / SECOND, 0.06);
        assertEquals(-1, in.read());
    }

    @Test
    void prefetchYieldsToClientsForFiveSeconds() throws IOException {
        InputStream prefetch = bandwidth.limit(stream(RATE));
        time.duringNextSleep(() -> {
            priority = Priority.PREFETCH;
            assertTrue(prefetch.read(new byte[1 << 16]) > 0);
            priority = Priority.CLIENT;
        });
        try (InputStream client = bandwidth.limit(stream(RATE))) {
            assertTrue(client.read(new byte[1 << 16]) > 0);
        }
        assertEquals(5.0, (double) time.now / SECOND, 0.2);
    }

    @Test
    void promotedPrefetchStopsYielding() throws IOException {
        InputStream prefetch = bandwidth.limit(stream(RATE));
        time.duringNextSleep(() -> {
            priority = Priority.PREFETCH;
            time.duringNextSleep(() -> priority = Priority.CLIENT);
            assertTrue(prefetch.read(new byte[1 << 16]) > 0);
        });
        try (InputStream client = bandwidth.limit(stream(RATE))) {
            assertTrue(client.read(new byte[1 << 16]) > 0);
        }
        assertEquals(0.1, (double) time.now / SECOND, 0.03);
    }

    @Test
    void prefetchAloneGetsFullRate() throws IOException {
        priority = Priority.PREFETCH;
        readAll(bandwidth, RATE);
        assertEquals(1.0, (double) time.now / SECOND, 0.06);
    }

    @Test
    void interruptStopsRead() {
        Thread.currentThread().interrupt();
        InputStream in = bandwidth.limit(stream(RATE));
        assertThrows(InterruptedIOException.class, () -> in.read(new byte[1 << 16]));
        assertTrue(Thread.interrupted(), "the interrupt is kept, so that the caller does not retry");
    }

    private Bandwidth limit(long rate) {
        return new Bandwidth(rate, 8, time, () -> priority);
    }

    private void readAll(Bandwidth limit, int bytes) throws IOException {
        try (InputStream in = limit.limit(stream(bytes))) {
            byte[] buffer = new byte[1 << 16];
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                total += count;
                read.put(time.now, total);
            }
        }
    }

    private static InputStream stream(int bytes) {
        return new ByteArrayInputStream(new byte[bytes]);
    }

    private interface Action {
        void run() throws IOException;
    }

    /** A clock that advances only by sleeping. */
    private static final class ManualClock implements Bandwidth.Clock {
        private long now;
        private Action meanwhile = () -> {};

        void duringNextSleep(Action action) {
            meanwhile = action;
        }

        @Override
        public long nanoTime() {
            return now;
        }

        @Override
        public void sleep(long nanos) throws InterruptedException {
            if (Thread.currentThread().isInterrupted()) {
                throw new InterruptedException();
            }
            now += nanos;
            Action once = meanwhile;
            meanwhile = () -> {};
            try {
                once.run();
            } catch (IOException e) {
                throw new AssertionError(e);
            }
        }
    }
}
