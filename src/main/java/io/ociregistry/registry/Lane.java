package io.ociregistry.registry;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/** A part of another executor: runs so many tasks at a time there and the rest in their order, so that the others always find a thread. */
final class Lane implements Executor {
    private static final int WAITING = 1000;

    private final Executor executor;
    private final int width;

    // Guarded by this.
    private final Queue<Runnable> waiting = new ArrayDeque<>();
    private int running;

    Lane(Executor executor, int width) {
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
            leave();
            throw e;
        }
    }

    private void runFrom(Runnable first) {
        for (Runnable task = first; task != null; task = next()) {
            task.run();
        }
    }

    /** True if the task is to run now; else it waits. */
    private synchronized boolean enter(Runnable task) {
        if (running < width) {
            running++;
            return true;
        }
        if (waiting.size() >= WAITING) {
            throw new RejectedExecutionException("too many wait already");
        }
        waiting.add(task);
        return false;
    }

    private synchronized void leave() {
        running--;
    }

    private synchronized @Nullable Runnable next() {
        Runnable task = waiting.poll();
        if (task == null) {
            running--;
        }
        return task;
    }
}
