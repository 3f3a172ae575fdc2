package io.ociregistry.registry.blob;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RetryBudgetTest {
    private final RetryBudget.Attempts attempts =
            new RetryBudget(Duration.ofMillis(1), Duration.ofMillis(1), Duration.ofMillis(40)).attempts();

    @Test
    void pauseLastsAtLeastTheRetryAfterTime() {
        long start = System.nanoTime();
        assertTrue(attempts.pause(Optional.of(Duration.ofMillis(30))));
        assertTrue(System.nanoTime() - start >= Duration.ofMillis(30).toNanos());
    }

    @Test
    void retryAfterBeyondTheBudgetIsNotWaitedFor() {
        assertFalse(attempts.pause(Optional.of(Duration.ofHours(1))));
        assertTrue(attempts.pause(Optional.empty()), "the budget is not used up");
    }

    @Test
    void pausesWithoutProgressUseUpTheBudget() {
        assertTrue(attempts.pause(Optional.of(Duration.ofMillis(40))));
        assertFalse(attempts.pause(Optional.empty()));
        attempts.progressed(1);
        assertTrue(attempts.pause(Optional.empty()));
    }
}
