package io.ociregistry.upstream;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The threads that wait for one upstream: some for small requests, others for blobs, so that neither waits for the other. Work that finds the
 * queue full is rejected. Idle threads end.
 */
final class UpstreamExecutors implements AutoCloseable {
    private static final int METADATA_THREADS = 8;
    private static final int BLOB_THREADS = 8;
    private static final int WAITING = 1000;
    private static final int IDLE_SECONDS = 30;
    private static final int LAST_SECONDS = 2;

    private final ExecutorService metadata;
    private final ExecutorService blobs;

    UpstreamExecutors(String upstream) {
        this.metadata = executor(upstream + "-metadata-", METADATA_THREADS);
        this.blobs = executor(upstream + "-blob-", BLOB_THREADS);
    }

    ExecutorService metadata() {
        return metadata;
    }

    ExecutorService blobs() {
        return blobs;
    }

    /** Takes no more work. What arrived whole is given the time to reach the disk; then the rest is interrupted. */
    @Override
    public void close() {
        metadata.shutdown();
        blobs.shutdown();
        end(metadata);
        end(blobs);
    }

    private static void end(ExecutorService executor) {
        try {
            if (!executor.awaitTermination(LAST_SECONDS, TimeUnit.SECONDS)) {
                executor.shutdownNow();
            }
        } catch (InterruptedException e) {
            executor.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }

    private static ExecutorService executor(String name, int threads) {
        AtomicInteger number = new AtomicInteger();
        ThreadPoolExecutor executor = new ThreadPoolExecutor(
                threads, threads, IDLE_SECONDS, TimeUnit.SECONDS, new ArrayBlockingQueue<>(WAITING), work -> {
                    Thread thread = new Thread(work, name + number.incrementAndGet());
                    thread.setDaemon(true);
                    return thread;
                });
        executor.allowCoreThreadTimeOut(true);
        return executor;
    }
}
