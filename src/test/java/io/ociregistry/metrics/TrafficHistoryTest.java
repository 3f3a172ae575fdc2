package io.ociregistry.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ociregistry.metrics.TrafficHistory.Minute;
import io.ociregistry.metrics.TrafficHistory.Totals;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The last hour, from counters that the test changes. */
class TrafficHistoryTest {
    private static final Clock CLOCK = Clock.fixed(Instant.parse("2026-03-01T10:00:00.5Z"), ZoneOffset.UTC);

    private Totals totals = new Totals(100, 90, 5000, 500);
    private final TrafficHistory history = new TrafficHistory(() -> totals, CLOCK);

    @AfterEach
    void close() {
        history.close();
    }

    @Test
    void countsBeforeTheFirstSampleAreNotTraffic() {
        assertEquals(List.of(minute(0, 0, 0, 0)), history.lastHour().minutes());
    }

    @Test
    void eachMinuteHasWhatWasCountedInIt() {
        add(10, 8, 1000, 200);
        history.startMinute();
        history.startMinute();
        add(1, 0, 30, 30);
        assertEquals(
                List.of(minute(10, 8, 1000, 200), minute(0, 0, 0, 0), minute(1, 0, 30, 30)),
                history.lastHour().minutes());
    }

    @Test
    void onlyTheLastHourIsKept() {
        for (int i = 0; i < 150; i++) {
            add(i, 0, 0, 0);
            history.startMinute();
        }
        add(1000, 0, 0, 0);
        List<Minute> minutes = history.lastHour().minutes();
        assertEquals(TrafficHistory.MINUTES, minutes.size());
        assertEquals(91, minutes.get(0).requests());
        assertEquals(1000, minutes.get(TrafficHistory.MINUTES - 1).requests());
    }

    @Test
    void counterThatFallsGivesNoNegativeTraffic() {
        add(-5, -5, -5, 7);
        assertEquals(List.of(minute(0, 0, 0, 7)), history.lastHour().minutes());
    }

    private void add(long requests, long cached, long sent, long received) {
        totals = new Totals(
                totals.requests() + requests,
                totals.cached() + cached,
                totals.sent() + sent,
                totals.received() + received);
    }

    private static Minute minute(long requests, long cached, long sent, long received) {
        return new Minute("2026-03-01T10:00:00Z", requests, cached, sent, received);
    }
}
