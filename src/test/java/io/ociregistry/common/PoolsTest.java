package io.ociregistry.common;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class PoolsTest {
    private static final Duration LONG = Duration.ofMinutes(1);
    private static final Duration NONE = Duration.ZERO;

    private final ExecutorService pool = Executors.newSingleThreadExecutor(Daemons.withName("pool"));
    private final List<String> ended = new CopyOnWriteArrayList<>();
    private final CountDownLatch started = new CountDownLatch(1);
    private final CountDownLatch release = new CountDownLatch(1);
    private final CountDownLatch finished = new CountDownLatch(1);

    @AfterEach
    void shutDown() {
        release.countDown();
        pool.shutdownNow();
    }

    @Test
    void runningTaskMayFinish() throws Exception {
        work();
        release.countDown();
        Pools.shutdown(pool, LONG);
        assertEquals(List.of("completed"), ended);
    }

    @Test
    void taskIsInterruptedAfterTheTimeout() throws Exception {
        work();
        Pools.shutdown(pool, NONE);
        finished.await();
        assertEquals(List.of("interrupted"), ended);
    }

    @Test
    void interruptWaitsForTheEndOfTheTask() throws Exception {
        work();
        assertTrue(Pools.shutdownNow(pool, LONG));
        assertEquals(List.of("interrupted"), ended);
    }

    @Test
    void interruptedCallerDoesNotWaitAndStaysInterrupted() throws Exception {
        work();
        Thread.currentThread().interrupt();
        Pools.shutdown(pool, LONG);
        assertTrue(Thread.interrupted());
        finished.await();
        assertEquals(List.of("interrupted"), ended);
    }

    @Test
    void interruptReturnsFalseIfTheTaskGoesOn() throws Exception {
        CountDownLatch stop = new CountDownLatch(1);
        pool.execute(() -> {
            started.countDown();
            while (stop.getCount() > 0) {
                Thread.onSpinWait();
            }
        });
        started.await();
        try {
            assertFalse(Pools.shutdownNow(pool, NONE));
        } finally {
            stop.countDown();
        }
    }

    private void work() throws InterruptedException {
        pool.execute(() -> {
            started.countDown();
            try {
                release.await();
                ended.add("completed");
            } catch (InterruptedException e) {
                ended.add("interrupted");
            } finally {
                finished.countDown();
            }
        });
        started.await();
    }
}
