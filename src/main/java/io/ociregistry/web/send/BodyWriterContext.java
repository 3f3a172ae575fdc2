package io.ociregistry.web.send;

import io.ociregistry.common.Daemons;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** What all {@link BodyWriter}s share: the threads they are woken on, memory, and one watch over clients that are too slow. */
public final class BodyWriterContext implements AutoCloseable {
    /** How often within the time of the rule it is looked at. */
    private static final int LOOKS = 10;

    private final Executor executor;
    private final MinimumRate least;
    private final BufferPool buffers = new BufferPool(Runtime.getRuntime().maxMemory());
    private final Set<BodyWriter> watched = ConcurrentHashMap.newKeySet();
    private final ScheduledExecutorService watch;

    /** Runs transfers on that executor, which is not closed with it. */
    public BodyWriterContext(Executor executor, MinimumRate least) {
        this.executor = executor;
        this.least = least;
        this.watch = Executors.newSingleThreadScheduledExecutor(Daemons.named("slow clients"));
    }

    /** That of a request which passed {@code ErrorFilter}. */
    static BodyWriterContext of(HttpServletRequest request) {
        return (BodyWriterContext) Objects.requireNonNull(request.getAttribute(BodyWriterContext.class.getName()));
    }

    /** Leaves itself for whoever answers the request. */
    public void keepIn(HttpServletRequest request) {
        request.setAttribute(BodyWriterContext.class.getName(), this);
    }

    /** Begins to watch. */
    public void start() {
        long pause = Math.max(1, least.time().toMillis() / LOOKS);
        var unused = watch.scheduleWithFixedDelay(this::look, pause, pause, TimeUnit.MILLISECONDS);
    }

    Executor executor() {
        return executor;
    }

    BufferPool buffers() {
        return buffers;
    }

    ClientRate newPace() {
        return new ClientRate(least);
    }

    /** From now on that transfer is asked whether its client is too slow. */
    void watch(BodyWriter transfer) {
        watched.add(transfer);
    }

    void forget(BodyWriter transfer) {
        watched.remove(transfer);
    }

    private void look() {
        long now = System.nanoTime();
        watched.forEach(transfer -> transfer.breakOffIfTooSlow(now));
    }

    @Override
    public void close() {
        watch.shutdownNow();
    }
}
