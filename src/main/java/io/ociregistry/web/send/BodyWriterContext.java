package io.ociregistry.web.send;

import io.ociregistry.common.Daemons;
import io.ociregistry.metrics.HttpMetrics;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * The resources that all {@link BodyWriter}s share: an executor, buffers, and a periodic check for clients that are too
 * slow. Thread-safe.
 */
public final class BodyWriterContext implements AutoCloseable {
    /** The number of checks within the period of the minimum rate. */
    private static final int CHECKS = 10;

    private final Executor executor;
    private final MinimumRate minimumRate;
    private final HttpMetrics metrics;
    private final BufferPool buffers = new BufferPool(Runtime.getRuntime().maxMemory());
    private final Set<BodyWriter> watched = ConcurrentHashMap.newKeySet();
    private final ScheduledExecutorService watch;

    /** Creates a context whose writers run on the executor. The caller closes the executor. */
    public BodyWriterContext(Executor executor, MinimumRate minimumRate, HttpMetrics metrics) {
        this.metrics = metrics;
        this.executor = executor;
        this.minimumRate = minimumRate;
        this.watch = Executors.newSingleThreadScheduledExecutor(Daemons.withName("slow clients"));
    }

    /** Starts the periodic check. */
    public void start() {
        long period = Math.max(1, minimumRate.period().toMillis() / CHECKS);
        var unused = watch.scheduleWithFixedDelay(this::check, period, period, TimeUnit.MILLISECONDS);
    }

    Executor executor() {
        return executor;
    }

    HttpMetrics metrics() {
        return metrics;
    }

    BufferPool buffers() {
        return buffers;
    }

    ClientRate newRate() {
        return new ClientRate(minimumRate);
    }

    /** Adds a writer to the periodic check. */
    void watch(BodyWriter writer) {
        watched.add(writer);
    }

    void unwatch(BodyWriter writer) {
        watched.remove(writer);
    }

    private void check() {
        long now = System.nanoTime();
        watched.forEach(writer -> writer.abortIfTooSlow(now));
    }

    @Override
    public void close() {
        watch.shutdownNow();
    }
}
