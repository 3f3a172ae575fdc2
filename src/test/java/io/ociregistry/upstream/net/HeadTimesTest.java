package io.ociregistry.upstream.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class HeadTimesTest {
    private static final Duration LEAST = Duration.ofMillis(1500);
    private static final Duration STALL = Duration.ofSeconds(30);

    private final HeadTimes heads = new HeadTimes(LEAST);

    @Test
    void fastUpstreamHasAShortTimeout() {
        assertEquals(LEAST, heads.timeout(STALL));
        heads.add(Duration.ofMillis(100));
        assertEquals(LEAST, heads.timeout(STALL));
    }

    @Test
    void timeoutIsTwiceTheSlowestAnswer() {
        heads.add(Duration.ofSeconds(5));
        assertEquals(Duration.ofSeconds(10), heads.timeout(STALL));
        heads.add(Duration.ofMillis(50));
        assertTrue(heads.timeout(STALL).compareTo(Duration.ofSeconds(8)) > 0, "one fast answer changes little");
    }

    @Test
    void slowAnswerIsForgottenAfterManyQuickAnswers() {
        heads.add(Duration.ofSeconds(20));
        for (int i = 0; i < 30; i++) {
            heads.add(Duration.ofMillis(50));
        }
        assertEquals(LEAST, heads.timeout(STALL));
    }

    @Test
    void timeoutIsLimitedToTheStallTimeout() {
        heads.add(Duration.ofSeconds(20));
        assertEquals(STALL, heads.timeout(STALL));
        assertEquals(Duration.ofSeconds(1), new HeadTimes(LEAST).timeout(Duration.ofSeconds(1)));
    }
}
