package io.ociregistry.metrics;

import io.ociregistry.common.Daemons;
import io.ociregistry.common.Pools;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * The traffic of the last hour in minutes. It reads counters once a minute, so that requests are not counted twice.
 * Thread-safe.
 */
public final class TrafficHistory implements AutoCloseable {
    static final int MINUTES = 60;
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(5);

    private final Supplier<Totals> counters;
    private final Clock clock;
    private final ScheduledExecutorService timer =
            Executors.newSingleThreadScheduledExecutor(Daemons.withName("traffic"));
    /** The counters at the start of each minute, oldest first; the last one starts the current minute. */
    private final Deque<Sample> samples = new ArrayDeque<>();

    /**
     * The values of counters since the start of the server.
     *
     * @param requests requests for content
     * @param cached those answered from the cache, or from a fetch that another request had started
     * @param sent bytes of content that were sent to clients
     * @param received bytes that upstreams sent
     */
    public record Totals(long requests, long cached, long sent, long received) {}

    /** The last hour, oldest minute first; the last minute is not over. */
    public record Traffic(List<Minute> minutes) {
        public Traffic {
            minutes = List.copyOf(minutes);
        }
    }

    /**
     * The traffic of one minute; see {@link Totals}.
     *
     * @param time the start in UTC
     */
    public record Minute(String time, long requests, long cached, long sent, long received) {
        /** A count that moved between counters while they were read gives no negative number. */
        private static Minute between(Sample start, Totals end) {
            return new Minute(
                    start.time.truncatedTo(ChronoUnit.SECONDS).toString(),
                    Math.max(0, end.requests - start.totals.requests),
                    Math.max(0, end.cached - start.totals.cached),
                    Math.max(0, end.sent - start.totals.sent),
                    Math.max(0, end.received - start.totals.received));
        }
    }

    private record Sample(Instant time, Totals totals) {}

    public TrafficHistory(Metrics metrics, Clock clock) {
        this(metrics::totals, clock);
    }

    TrafficHistory(Supplier<Totals> counters, Clock clock) {
        this.counters = counters;
        this.clock = clock;
        startMinute();
    }

    /** Starts to read the counters once a minute. */
    @SuppressWarnings("FutureReturnValueIgnored") // it ends with this object
    public void start() {
        timer.scheduleAtFixedRate(this::startMinute, 1, 1, TimeUnit.MINUTES);
    }

    synchronized void startMinute() {
        samples.addLast(new Sample(clock.instant(), counters.get()));
        if (samples.size() > MINUTES) {
            samples.removeFirst();
        }
    }

    /** Returns the traffic of at most 60 minutes, the current one included. */
    public synchronized Traffic lastHour() {
        List<Minute> minutes = new ArrayList<>();
        Iterator<Sample> starts = samples.iterator();
        Sample start = starts.next();
        while (starts.hasNext()) {
            Sample next = starts.next();
            minutes.add(Minute.between(start, next.totals));
            start = next;
        }
        minutes.add(Minute.between(start, counters.get()));
        return new Traffic(minutes);
    }

    @Override
    public void close() {
        Pools.shutdownNow(timer, STOP_TIMEOUT);
    }
}
