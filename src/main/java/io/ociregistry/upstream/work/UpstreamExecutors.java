package io.ociregistry.upstream.work;

import io.ociregistry.upstream.Priority;
import java.time.Duration;
import java.util.concurrent.Executor;

/**
 * The thread pools of one upstream: for small requests, for blobs and for probes, so that none delays another.
 *
 * <p>A task is rejected if the queue of its priority is full. Thread-safe.
 */
public final class UpstreamExecutors {
    private static final int METADATA_THREADS = 8;
    private static final int PROBE_THREADS = 2;
    private static final int QUEUE_CAPACITY = 1000;

    private final PriorityThreads metadata;
    private final PriorityThreads blobs;
    private final PriorityThreads probes;

    /**
     * Creates the pools; threads are started on demand.
     *
     * @param downloads the maximal number of concurrent blob transfers
     */
    public UpstreamExecutors(String upstream, int downloads) {
        this.metadata = new PriorityThreads(upstream + "-metadata-", METADATA_THREADS, QUEUE_CAPACITY);
        this.blobs = new PriorityThreads(upstream + "-blob-", downloads, QUEUE_CAPACITY);
        this.probes = new PriorityThreads(upstream + "-probe-", PROBE_THREADS, QUEUE_CAPACITY);
    }

    public Executor metadata(Priority priority) {
        return metadata.withPriority(priority);
    }

    public Executor blobs(Priority priority) {
        return blobs.withPriority(priority);
    }

    /** Returns the executor for probes, which run also while all other threads wait for a silent upstream. */
    public Executor probes() {
        return probes.withPriority(Priority.CLIENT);
    }

    /** Ends idle threads at once from now on. Tasks are still accepted and run. */
    public void releaseIdleThreads() {
        metadata.releaseIdleThreads();
        blobs.releaseIdleThreads();
        probes.releaseIdleThreads();
    }

    /** Accepts no more tasks. Waiting tasks still run. */
    public void shutdown() {
        metadata.shutdown();
        blobs.shutdown();
        probes.shutdown();
    }

    /** Waits for all tasks to end after {@link #shutdown}; interrupts them after that time in all. */
    public void terminate(Duration atMost) {
        long end = System.nanoTime() + atMost.toNanos();
        metadata.terminate(atMost);
        blobs.terminate(Duration.ofNanos(Math.max(0, end - System.nanoTime())));
        probes.terminate(Duration.ofNanos(Math.max(0, end - System.nanoTime())));
    }
}
