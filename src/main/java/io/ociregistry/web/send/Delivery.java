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

/** What all {@link Transfer}s share: the threads they are woken on, memory, and one watch over clients that are too slow. */
public final class Delivery implements AutoCloseable {
    /** How often within the time of the rule it is looked at. */
    private static final int LOOKS = 10;

    private final Executor executor;
    private final MinimumRate least;
    private final Buffers buffers = new Buffers(Runtime.getRuntime().maxMemory());
    private final Set<Transfer> watched = ConcurrentHashMap.newKeySet();
    private final ScheduledExecutorService watch;

    /** Runs transfers on that executor, which is not closed with it. */
    public Delivery(Executor executor, MinimumRate least) {
        this.executor = executor;
        this.least = least;
        this.watch = Executors.newSingleThreadScheduledExecutor(Daemons.named("slow clients"));
    }

    /** That of a request which passed {@code ErrorFilter}. */
    static Delivery of(HttpServletRequest request) {
        return (Delivery) Objects.requireNonNull(request.getAttribute(Delivery.class.getName()));
    }

    /** Leaves itself for whoever answers the request. */
    public void keepIn(HttpServletRequest request) {
        request.setAttribute(Delivery.class.getName(), this);
    }

    /** Begins to watch. */
    public void start() {
        long pause = Math.max(1, least.time().toMillis() / LOOKS);
        var unused = watch.scheduleWithFixedDelay(this::look, pause, pause, TimeUnit.MILLISECONDS);
    }

    Executor executor() {
        return executor;
    }

    Buffers buffers() {
        return buffers;
    }

    Pace newPace() {
        return new Pace(least);
    }

    /** From now on that transfer is asked whether its client is too slow. */
    void watch(Transfer transfer) {
        watched.add(transfer);
    }

    void forget(Transfer transfer) {
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
