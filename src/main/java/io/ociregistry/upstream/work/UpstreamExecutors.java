package io.ociregistry.upstream.work;

import io.ociregistry.upstream.Priority;
import java.time.Duration;
import java.util.concurrent.Executor;

/**
 * The threads that wait for one upstream: some for small requests, others for blobs and for probes, so that none waits for the others. Work that finds the
 * line of its priority full is rejected.
 */
public final class UpstreamExecutors {
    private static final int METADATA_THREADS = 8;
    private static final int PROBE_THREADS = 2;
    private static final int WAITING = 1000;

    private final PriorityThreads metadata;
    private final PriorityThreads blobs;
    private final PriorityThreads probes;

    /**
     * Starts none.
     *
     * @param downloads how many blobs at a time
     */
    public UpstreamExecutors(String upstream, int downloads) {
        this.metadata = new PriorityThreads(upstream + "-metadata-", METADATA_THREADS, WAITING);
        this.blobs = new PriorityThreads(upstream + "-blob-", downloads, WAITING);
        this.probes = new PriorityThreads(upstream + "-probe-", PROBE_THREADS, WAITING);
    }

    public Executor metadata(Priority priority) {
        return metadata.at(priority);
    }

    public Executor blobs(Priority priority) {
        return blobs.at(priority);
    }

    /** Runs probes, also while an upstream that does not answer keeps all other threads. */
    public Executor probes() {
        return probes.at(Priority.CLIENT);
    }

    /** Keeps no idle threads from now on; work is still taken and done. */
    public void retire() {
        metadata.retire();
        blobs.retire();
        probes.retire();
    }

    /** Takes no more work. */
    public void shutdown() {
        metadata.shutdown();
        blobs.shutdown();
        probes.shutdown();
    }

    /** Gives what is left so long to end in all, and then interrupts it. */
    public void end(Duration atMost) {
        long end = System.nanoTime() + atMost.toNanos();
        metadata.end(atMost);
        blobs.end(Duration.ofNanos(Math.max(0, end - System.nanoTime())));
        probes.end(Duration.ofNanos(Math.max(0, end - System.nanoTime())));
    }
}
