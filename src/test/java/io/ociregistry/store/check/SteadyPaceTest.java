package io.ociregistry.store.check;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class SteadyPaceTest {
    @Test
    void readsStayBelowTheRate() throws Exception {
        SteadyPace pace = new SteadyPace(1_000_000);
        long start = System.nanoTime();
        for (int i = 0; i < 10; i++) {
            pace.took(10_000);
        }
        Duration took = Duration.ofNanos(System.nanoTime() - start);
        assertTrue(took.toMillis() >= 99, took::toString);
    }

    @Test
    void waitCanBeInterrupted() {
        SteadyPace pace = new SteadyPace(1);
        Thread.currentThread().interrupt();
        assertThrows(InterruptedException.class, () -> pace.took(Long.MAX_VALUE));
    }
}
