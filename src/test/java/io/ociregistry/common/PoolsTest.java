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

    private final ExecutorService pool = Executors.newSingleThreadExecutor(Daemons.named("pool"));
    private final List<String> ended = new CopyOnWriteArrayList<>();
    private final CountDownLatch begun = new CountDownLatch(1);
    private final CountDownLatch go = new CountDownLatch(1);
    private final CountDownLatch over = new CountDownLatch(1);

    @AfterEach
    void stop() {
        go.countDown();
        pool.shutdownNow();
    }

    @Test
    void whatIsBegunIsEnded() throws Exception {
        work();
        go.countDown();
        Pools.end(pool, LONG);
        assertEquals(List.of("in peace"), ended);
    }

    @Test
    void whatTakesTooLongIsInterrupted() throws Exception {
        work();
        Pools.end(pool, NONE);
        over.await();
        assertEquals(List.of("interrupted"), ended);
    }

    @Test
    void anInterruptIsWaitedFor() throws Exception {
        work();
        assertTrue(Pools.interrupt(pool, LONG));
        assertEquals(List.of("interrupted"), ended);
    }

    @Test
    void whoIsInterruptedWaitsForNobody_andStaysSo() throws Exception {
        work();
        Thread.currentThread().interrupt();
        Pools.end(pool, LONG);
        assertTrue(Thread.interrupted());
        over.await();
        assertEquals(List.of("interrupted"), ended);
    }

    @Test
    void whatDoesNotEndIsTold() throws Exception {
        CountDownLatch deaf = new CountDownLatch(1);
        pool.execute(() -> {
            begun.countDown();
            while (deaf.getCount() > 0) {
                Thread.onSpinWait();
            }
        });
        begun.await();
        try {
            assertFalse(Pools.interrupt(pool, NONE));
        } finally {
            deaf.countDown();
        }
    }

    private void work() throws InterruptedException {
        pool.execute(() -> {
            begun.countDown();
            try {
                go.await();
                ended.add("in peace");
            } catch (InterruptedException e) {
                ended.add("interrupted");
            } finally {
                over.countDown();
            }
        });
        begun.await();
    }
}
