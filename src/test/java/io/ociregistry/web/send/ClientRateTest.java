package io.ociregistry.web.send;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class ClientRateTest {
    private final ClientRate pace = new ClientRate(new MinimumRate(1000, Duration.ofSeconds(10)));

    @Test
    void aClientThatTakesNothingIsTooSlowAfterThatTime() {
        pace.blocked(at(0));
        assertFalse(pace.isTooSlow(at(9)));
        assertTrue(pace.isTooSlow(at(10)));
    }

    @Test
    void aClientThatTakesTheLeastIsNotTooSlow() {
        for (int second = 0; second < 100; second += 5) {
            pace.blocked(at(second));
            pace.took(500, at(second + 5));
            assertFalse(pace.isTooSlow(at(second + 5)));
        }
    }

    @Test
    void whatWasTakenLongAgoDoesNotCount() {
        pace.took(1_000_000, at(0));
        pace.blocked(at(1));
        assertFalse(pace.isTooSlow(at(11)));
        assertFalse(pace.isTooSlow(at(20)));
        assertTrue(pace.isTooSlow(at(21)));
    }

    @Test
    void timeInWhichNothingWasThereDoesNotCount() {
        pace.blocked(at(0));
        pace.took(10, at(4));
        assertFalse(pace.isTooSlow(at(1000)));
        pace.blocked(at(1000));
        assertFalse(pace.isTooSlow(at(1005)));
        assertTrue(pace.isTooSlow(at(1006)));
    }

    /** Anywhere on the scale of System.nanoTime, which may be negative. */
    private static long at(int second) {
        return Long.MAX_VALUE - 5 + Duration.ofSeconds(second).toNanos();
    }
}
