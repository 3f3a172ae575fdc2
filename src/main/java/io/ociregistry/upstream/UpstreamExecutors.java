package io.ociregistry.upstream;

import java.util.concurrent.Executor;

/**
 * The threads that wait for one upstream: some for small requests, others for blobs, so that neither waits for the other. Work that finds the
 * line of its priority full is rejected.
 */
final class UpstreamExecutors implements AutoCloseable {
    private static final int METADATA_THREADS = 8;
    private static final int WAITING = 1000;
    private static final int LAST_SECONDS = 2;

    private final PriorityThreads metadata;
    private final PriorityThreads blobs;

    /**
     * Starts none.
     *
     * @param downloads how many blobs at a time
     */
    UpstreamExecutors(String upstream, int downloads) {
        this.metadata = new PriorityThreads(upstream + "-metadata-", METADATA_THREADS, WAITING);
        this.blobs = new PriorityThreads(upstream + "-blob-", downloads, WAITING);
    }

    Executor metadata(Priority priority) {
        return metadata.at(priority);
    }

    Executor blobs(Priority priority) {
        return blobs.at(priority);
    }

    /** Takes no more work. What arrived whole is given the time to reach the disk; then the rest is interrupted. */
    @Override
    public void close() {
        metadata.shutdown();
        blobs.shutdown();
        metadata.end(LAST_SECONDS);
        blobs.end(LAST_SECONDS);
    }
}
