package io.ociregistry.registry.blob;

import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * A part of another executor: runs so many tasks at a time there and the rest in their order, so that the others always find a thread. A task
 * that is given again while it waits or runs is not queued twice.
 */
public final class ConcurrencyLimit implements Executor {
    private static final int WAITING = 1000;

    private final Executor executor;
    private final int width;

    // Guarded by this.
    private final Queue<Runnable> waiting = new ArrayDeque<>();
    /** All that waits or runs. */
    private final Set<Runnable> known = new HashSet<>();

    private int running;

    public ConcurrencyLimit(Executor executor, int width) {
        this.executor = executor;
        this.width = width;
    }

    /**
     * Runs a task that never throws.
     *
     * @throws RejectedExecutionException if too many wait already, or the executor takes no more
     */
    @Override
    public void execute(Runnable task) {
        if (!enter(task)) {
            return;
        }
        try {
            executor.execute(() -> runFrom(task));
        } catch (RejectedExecutionException e) {
            leave(task);
            throw e;
        }
    }

    private void runFrom(Runnable first) {
        for (Runnable task = first; task != null; task = next(task)) {
            task.run();
        }
    }

    /** True if the task is to run now; else it waits, or is no news. */
    private synchronized boolean enter(Runnable task) {
        if (known.contains(task)) {
            return false;
        }
        boolean runs = running < width;
        if (runs) {
            running++;
        } else if (waiting.size() < WAITING) {
            waiting.add(task);
        } else {
            throw new RejectedExecutionException("too many wait already");
        }
        known.add(task);
        return runs;
    }

    private synchronized void leave(Runnable task) {
        known.remove(task);
        running--;
    }

    private synchronized @Nullable Runnable next(Runnable done) {
        Runnable task = waiting.poll();
        if (task == null) {
            leave(done);
        } else {
            known.remove(done);
        }
        return task;
    }
}
