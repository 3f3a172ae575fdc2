package io.ociregistry.web.send;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class ClientRateTest {
    private final ClientRate rate = new ClientRate(new MinimumRate(1000, Duration.ofSeconds(10)));

    @Test
    void clientThatReadsNothingIsTooSlow() {
        rate.blocked(at(0));
        assertFalse(rate.isTooSlow(at(9)));
        assertTrue(rate.isTooSlow(at(10)));
    }

    @Test
    void clientWithMinimumRateIsNotTooSlow() {
        for (int second = 0; second < 100; second += 5) {
            rate.blocked(at(second));
            rate.accepted(500, at(second + 5));
            assertFalse(rate.isTooSlow(at(second + 5)));
        }
    }

    @Test
    void bytesOfEarlierPeriodsDoNotCount() {
        rate.accepted(1_000_000, at(0));
        rate.blocked(at(1));
        assertFalse(rate.isTooSlow(at(11)));
        assertFalse(rate.isTooSlow(at(20)));
        assertTrue(rate.isTooSlow(at(21)));
    }

    @Test
    void timeWithoutAvailableBytesDoesNotCount() {
        rate.blocked(at(0));
        rate.accepted(10, at(4));
        assertFalse(rate.isTooSlow(at(1000)));
        rate.blocked(at(1000));
        assertFalse(rate.isTooSlow(at(1005)));
        assertTrue(rate.isTooSlow(at(1006)));
    }

    /** Near an overflow of {@link System#nanoTime}, which may be negative. */
    private static long at(int second) {
        return Long.MAX_VALUE - 5 + Duration.ofSeconds(second).toNanos();
    }
}
