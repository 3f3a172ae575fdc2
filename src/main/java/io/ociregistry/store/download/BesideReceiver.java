package io.ociregistry.store.download;

import io.ociregistry.common.Daemons;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Work that other threads do for the receiver of a download, so that the receiver can continue meanwhile.
 *
 * <p>The threads are shared by all downloads of this process. They end when they are idle, and when a store is closed.
 */
public final class BesideReceiver {
    private static final Logger LOG = LoggerFactory.getLogger(BesideReceiver.class);

    /** A smaller block is hashed faster than it is handed to another thread. */
    private static final int MIN_HASHED = 1 << 16;

    private static final int IDLE_SECONDS = 10;
    private static final int FORCING_THREADS = 4;

    /** Other cores than that of the receiver. */
    private static final int OTHER_CORES = Runtime.getRuntime().availableProcessors() - 1;

    /** Replaced when a store is closed. */
    private static volatile Threads threads = new Threads();

    private BesideReceiver() {}

    /**
     * Ends the threads after the work that they have, because threads of a web application must end with it. Downloads
     * of another store start new ones.
     */
    public static synchronized void endThreads() {
        Threads ending = threads;
        threads = new Threads();
        ending.end();
    }

    /** The pools. A task that a pool does not take is run by its caller. */
    private static final class Threads {
        /** Takes no task if all threads are busy; the receiver then hashes by itself. */
        private final ThreadPoolExecutor hashing = new ThreadPoolExecutor(
                0,
                Math.max(1, OTHER_CORES),
                IDLE_SECONDS,
                TimeUnit.SECONDS,
                new SynchronousQueue<>(),
                Daemons.withName("hashing"),
                new ThreadPoolExecutor.DiscardPolicy());

        private final ThreadPoolExecutor forcing = new ThreadPoolExecutor(
                FORCING_THREADS,
                FORCING_THREADS,
                IDLE_SECONDS,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                Daemons.withName("checkpoints"),
                (task, ended) -> task.run());

        Threads() {
            forcing.allowCoreThreadTimeOut(true);
        }

        void end() {
            hashing.shutdown();
            forcing.shutdown();
            try {
                if (!hashing.awaitTermination(1, TimeUnit.SECONDS) || !forcing.awaitTermination(1, TimeUnit.SECONDS)) {
                    LOG.debug("the threads of downloads have not ended yet");
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /**
     * Adds bytes to a hash, on another thread if a core is free.
     *
     * @return waits for the end; if no other thread has started by then, the caller's thread does the work
     */
    static Runnable hash(IncrementalDigest hash, ByteBuffer bytes) {
        FutureTask<Void> task = new FutureTask<>(() -> hash.messageDigest().update(bytes), null);
        if (OTHER_CORES > 0 && bytes.remaining() >= MIN_HASHED) {
            threads.hashing.execute(task);
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
                threads.forcing);
    }
}
