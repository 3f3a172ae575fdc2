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
 * The resources that all writers of bodies share: an executor, buffers, and a periodic check for clients that are too
 * slow. Thread-safe.
 */
public final class BodyWriterContext implements AutoCloseable {
    /** The number of checks within the period of the minimum rate. */
    private static final int CHECKS = 10;

    /** A body whose client may be too slow. */
    public interface Watched {
        /** Called periodically, by one thread. */
        void abortIfTooSlow(long now);
    }

    private final Executor executor;
    private final MinimumRate minimumRate;
    private final HttpMetrics metrics;
    private final BufferPool buffers = new BufferPool(Runtime.getRuntime().maxMemory());
    private final Set<Watched> watched = ConcurrentHashMap.newKeySet();
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

    public HttpMetrics metrics() {
        return metrics;
    }

    BufferPool buffers() {
        return buffers;
    }

    /** Returns a measurement for one new client. */
    public ClientRate newRate() {
        return new ClientRate(minimumRate);
    }

    /** Adds a writer to the periodic check. */
    public void watch(Watched writer) {
        watched.add(writer);
    }

    public void unwatch(Watched writer) {
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
