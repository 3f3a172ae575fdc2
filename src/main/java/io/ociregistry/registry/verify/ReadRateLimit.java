package io.ociregistry.registry.verify;

import io.ociregistry.store.Inspector.ReadThrottle;
import java.util.concurrent.TimeUnit;

/**
 * A limit of bytes per second for reads from the disk. Idle time gives no credit for later reads. Used by one thread.
 */
public final class ReadRateLimit implements ReadThrottle {
    private static final double NANOS_PER_SECOND = 1e9;

    private final long bytesPerSecond;
    private long next = System.nanoTime();

    public ReadRateLimit(long bytesPerSecond) {
        this.bytesPerSecond = bytesPerSecond;
    }

    @Override
    public void throttle(long bytes) throws InterruptedException {
        long now = System.nanoTime();
        next = (next - now > 0 ? next : now) + (long) (bytes * NANOS_PER_SECOND / bytesPerSecond);
        TimeUnit.NANOSECONDS.sleep(next - now);
    }
}
