package io.ociregistry.registry.list;

import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * Runs at most {@code limit} tasks at a time on another executor and the rest in order, so that other work gets a
 * thread.
 *
 * <p>A task that is submitted again while it waits or runs is not queued twice. At most {@value #MAX_WAITING} tasks
 * wait. Thread-safe.
 */
final class ConcurrencyLimit implements Executor {
    private static final int MAX_WAITING = 1000;

    private final Executor executor;
    private final int limit;

    /** Guarded by this. */
    private final Queue<Runnable> waiting = new ArrayDeque<>();
    /** The tasks that wait or run. Guarded by this. */
    private final Set<Runnable> tasks = new HashSet<>();

    /** Guarded by this. */
    private int running;

    public ConcurrencyLimit(Executor executor, int limit) {
        this.executor = executor;
        this.limit = limit;
    }

    /**
     * Runs a task now or later; the task must not throw.
     *
     * @throws RejectedExecutionException if too many tasks wait already, or if the other executor rejects the task
     */
    @Override
    public void execute(Runnable task) {
        if (!enter(task)) {
            return;
        }
        try {
            executor.execute(() -> runAll(task));
        } catch (RejectedExecutionException e) {
            leave(task);
            throw e;
        }
    }

    private void runAll(Runnable first) {
        for (Runnable task = first; task != null; task = next(task)) {
            task.run();
        }
    }

    /** Returns true if the task has to run now; otherwise it waits, or was submitted before. */
    private synchronized boolean enter(Runnable task) {
        if (tasks.contains(task)) {
            return false;
        }
        boolean runsNow = running < limit;
        if (runsNow) {
            running++;
        } else if (waiting.size() < MAX_WAITING) {
            waiting.add(task);
        } else {
            throw new RejectedExecutionException(MAX_WAITING + " tasks wait already");
        }
        tasks.add(task);
        return runsNow;
    }

    private synchronized void leave(Runnable task) {
        tasks.remove(task);
        running--;
    }

    private synchronized @Nullable Runnable next(Runnable done) {
        Runnable task = waiting.poll();
        if (task == null) {
            leave(done);
        } else {
            tasks.remove(done);
        }
        return task;
    }
}
