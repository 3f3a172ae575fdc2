package io.ociregistry.web.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.testing.Await;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class AccessLogQueueTest {
    private final AccessLogQueue queue = new AccessLogQueue();
    private final List<Integer> written = new CopyOnWriteArrayList<>();

    @AfterEach
    void close() {
        queue.close();
    }

    @Test
    void closeWritesAllLinesInOrder() {
        IntStream.range(0, 5_000).forEach(this::add);
        queue.close();
        assertEquals(IntStream.range(0, 5_000).boxed().toList(), written);
    }

    @Test
    void linesAreWrittenWithoutClose() throws Exception {
        add(1);
        Await.until("the first line", () -> written.equals(List.of(1)));
        queue.close();
        add(2);
        Await.until("the line after the close", () -> written.equals(List.of(1, 2)));
    }

    @Test
    void slowLogDoesNotDelayCaller() throws Exception {
        CountDownLatch isWriting = new CountDownLatch(1);
        CountDownLatch mayWrite = new CountDownLatch(1);
        queue.add(() -> {
            isWriting.countDown();
            awaitUninterrupted(mayWrite);
        });
        assertTrue(isWriting.await(20, TimeUnit.SECONDS));
        IntStream.range(0, 1000).forEach(this::add);
        assertEquals(List.of(), written);
        mayWrite.countDown();
        Await.until("all lines", () -> written.size() == 1000);
    }

    @Test
    void fullQueueIsWrittenByCaller() {
        Thread caller = Thread.currentThread();
        AtomicBoolean isWrittenByCaller = new AtomicBoolean();
        while (!isWrittenByCaller.get()) {
            queue.add(() -> isWrittenByCaller.compareAndSet(false, Thread.currentThread() == caller));
        }
    }

    private void add(int line) {
        queue.add(() -> written.add(line));
    }

    private static void awaitUninterrupted(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
