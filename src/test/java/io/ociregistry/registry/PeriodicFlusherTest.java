package io.ociregistry.registry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class PeriodicFlusherTest {
    @Test
    void writesAreRepeatedAfterFailure() throws InterruptedException {
        CountDownLatch three = new CountDownLatch(3);
        Runnable failing = () -> {
            throw new IllegalStateException("as intended");
        };
        try (PeriodicFlusher flusher = new PeriodicFlusher(Duration.ofMillis(5), failing, three::countDown)) {
            assertTrue(three.await(20, TimeUnit.SECONDS), flusher::toString);
        }
    }

    @Test
    void closeWritesOnceMore() {
        AtomicInteger saved = new AtomicInteger();
        new PeriodicFlusher(Duration.ofHours(1), saved::incrementAndGet).close();
        assertEquals(1, saved.get());
    }
}
