package io.ociregistry.store.check;

import io.ociregistry.store.ReadPace;
import java.util.concurrent.TimeUnit;

/** So many bytes a second. What was not used of that while nothing was read is not made up for. One thread uses it. */
public final class SteadyPace implements ReadPace {
    private static final double NANOS = 1e9;

    private final long bytesPerSecond;
    private long next = System.nanoTime();

    public SteadyPace(long bytesPerSecond) {
        this.bytesPerSecond = bytesPerSecond;
    }

    @Override
    public void took(long bytes) throws InterruptedException {
        long now = System.nanoTime();
        next = (next - now > 0 ? next : now) + (long) (bytes * NANOS / bytesPerSecond);
        TimeUnit.NANOSECONDS.sleep(next - now);
    }
}
