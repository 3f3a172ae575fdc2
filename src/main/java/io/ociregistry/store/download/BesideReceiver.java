package io.ociregistry.store.download;

import io.ociregistry.common.Daemons;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Work that other threads do for the receiver of a download, so that the receiver can continue meanwhile.
 *
 * <p>The threads are shared by all downloads of this process, and end when they are idle.
 */
final class BesideReceiver {
    /** A smaller block is hashed faster than it is handed to another thread. */
    private static final int MIN_HASHED = 1 << 16;

    private static final int IDLE_SECONDS = 10;
    private static final int FORCING_THREADS = 4;

    /** Other cores than that of the receiver. */
    private static final int OTHER_CORES = Runtime.getRuntime().availableProcessors() - 1;

    /** Drops a task if all threads are busy; the receiver then runs it. */
    private static final Executor HASHING = new ThreadPoolExecutor(
            0,
            Math.max(1, OTHER_CORES),
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            Daemons.withName("hashing"),
            new ThreadPoolExecutor.DiscardPolicy());

    private static final Executor FORCING = forcing();

    private BesideReceiver() {}

    private static Executor forcing() {
        ThreadPoolExecutor threads = new ThreadPoolExecutor(
                FORCING_THREADS,
                FORCING_THREADS,
                IDLE_SECONDS,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                Daemons.withName("checkpoints"));
        threads.allowCoreThreadTimeOut(true);
        return threads;
    }

    /**
     * Adds bytes to a hash, on another thread if a core is free.
     *
     * @return waits for the end; if no other thread has begun by then, the caller's thread does the work
     */
    static Runnable hash(IncrementalDigest hash, ByteBuffer bytes) {
        FutureTask<Void> task = new FutureTask<>(() -> hash.messageDigest().update(bytes), null);
        if (OTHER_CORES > 0 && bytes.remaining() >= MIN_HASHED) {
            HASHING.execute(task);
        }
        return () -> finish(task);
    }

    private static void finish(FutureTask<Void> task) {
        task.run();
        boolean interrupted = false;
        while (true) {
            try {
                task.get();
                break;
            } catch (InterruptedException e) {
                // The buffer must not change while it is hashed.
                interrupted = true;
            } catch (ExecutionException e) {
                throw new IllegalStateException("hashing failed", e.getCause());
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Work that fails with an {@link IOException}. */
    @FunctionalInterface
    interface Forcing {
        void run() throws IOException;
    }

    /** Runs work that waits for the disk. The result completes with its {@link IOException}, if it fails. */
    static CompletableFuture<Void> force(Forcing work) {
        return CompletableFuture.runAsync(
                () -> {
                    try {
                        work.run();
                    } catch (IOException e) {
                        throw new CompletionException(e);
                    }
                },
                FORCING);
    }
}
