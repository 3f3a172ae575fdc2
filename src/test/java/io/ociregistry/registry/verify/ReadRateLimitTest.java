package io.ociregistry.registry.verify;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class ReadRateLimitTest {
    @Test
    void readsStayBelowTheRate() throws Exception {
        ReadRateLimit pace = new ReadRateLimit(1_000_000);
        long start = System.nanoTime();
        for (int i = 0; i < 10; i++) {
            pace.throttle(10_000);
        }
        Duration took = Duration.ofNanos(System.nanoTime() - start);
        assertTrue(took.toMillis() >= 99, took::toString);
    }

    @Test
    void waitCanBeInterrupted() {
        ReadRateLimit pace = new ReadRateLimit(1);
        Thread.currentThread().interrupt();
        assertThrows(InterruptedException.class, () -> pace.throttle(Long.MAX_VALUE));
    }
}
