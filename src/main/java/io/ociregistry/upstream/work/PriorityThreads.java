package io.ociregistry.upstream.work;

import io.ociregistry.common.Daemons;
import io.ociregistry.upstream.Priority;
import io.ociregistry.upstream.Via;
import java.time.Duration;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * A thread pool with a bounded queue for each {@link Priority}. Thread-safe.
 *
 * <ul>
 *   <li>A free thread takes the first task of the most urgent queue that is not empty.
 *   <li>A full queue rejects tasks, independently of the other queues, so less urgent work cannot displace urgent work.
 *   <li>A task that is submitted again while it waits moves to the more urgent queue; while it runs, only its priority
 *       changes. It never runs twice for this.
 *   <li>Prefetches, which may take hours, leave one thread to other work if there are at least two threads.
 *   <li>Idle threads end.
 * </ul>
 */
public final class PriorityThreads {
    private static final int IDLE_SECONDS = 30;
    private static final ThreadLocal<Work> RUNNING = new ThreadLocal<>();

    private final int capacity;
    private final int maxPrefetches;
    private final ThreadPoolExecutor threads;

    // The fields below are guarded by "queues".
    private final Map<Priority, Set<Work>> queues = new EnumMap<>(Priority.class);
    /** All tasks that wait or run. */
    private final Map<Runnable, Work> known = new HashMap<>();

    private int prefetches;
    /** The number of pool tasks that ended without work, because only prefetches above the limit were left. */
    private int unused;

    /**
     * Creates the pool; threads are started on demand.
     *
     * @param capacity the maximal number of waiting tasks of each priority
     */
    PriorityThreads(String name, int count, int capacity) {
        this.capacity = capacity;
        this.maxPrefetches = Math.max(1, count - 1);
        // The queue of the pool has at most one entry for each task in the bounded queues.
        this.threads = new ThreadPoolExecutor(
                count, count, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), Daemons.withPrefix(name));
        threads.allowCoreThreadTimeOut(true);
    }

    private static final class Work {
        private final Runnable task;
        private final Via via = Via.current();
        /** Written under the lock; read without the lock while the task runs. */
        private volatile Priority priority;

        Work(Runnable task, Priority priority) {
            this.task = task;
            this.priority = priority;
        }
    }

    /** Returns an executor that submits tasks with that priority. */
    Executor withPriority(Priority priority) {
        return task -> execute(task, priority);
    }

    /** Returns the priority of the calling thread's task; {@link Priority#CLIENT} on threads of other pools. */
    public static Priority currentPriority() {
        Work work = RUNNING.get();
        return work == null ? Priority.CLIENT : work.priority;
    }

    /** Ends idle threads at once from now on. Tasks are still accepted and run. */
    void releaseIdleThreads() {
        threads.setKeepAliveTime(1, TimeUnit.MILLISECONDS);
    }

    /** Accepts no more tasks. Waiting tasks still run. */
    void shutdown() {
        threads.shutdown();
    }

    /** Waits for the tasks to end after {@link #shutdown}; interrupts them after that time. */
    void terminate(Duration atMost) {
        try {
            if (!threads.awaitTermination(atMost.toNanos(), TimeUnit.NANOSECONDS)) {
                threads.shutdownNow();
            }
        } catch (InterruptedException e) {
            threads.shutdownNow();
            Thread.currentThread().interrupt();
        }
    }

    private void execute(Runnable task, Priority priority) {
        synchronized (queues) {
            Work work = known.get(task);
            if (work == null) {
                enqueue(new Work(task, priority));
            } else if (priority.compareTo(work.priority) < 0) {
                promote(work, priority);
            }
        }
    }

    /** Caller holds the lock. */
    private void enqueue(Work work) {
        Set<Work> queue = queue(work.priority);
        if (queue.size() >= capacity) {
            throw new RejectedExecutionException("the queue is full with " + queue.size() + " tasks");
        }
        threads.execute(this::runNext);
        queue.add(work);
        known.put(work.task, work);
    }

    /** Caller holds the lock. The more urgent queue may exceed its capacity; the sum of all queues does not grow. */
    private void promote(Work work, Priority priority) {
        boolean waited = queue(work.priority).remove(work);
        if (waited) {
            queue(priority).add(work);
        } else {
            count(work, -1);
        }
        work.priority = priority;
        count(work, waited ? 0 : 1);
        retryUnused();
    }

    /** Caller holds the lock. */
    private void count(Work work, int more) {
        prefetches += work.priority == Priority.PREFETCH ? more : 0;
    }

    /** Lets a thread look for work again, because a prefetch may be allowed now. Caller holds the lock. */
    private void retryUnused() {
        if (unused > 0 && !threads.isShutdown()) {
            unused--;
            threads.execute(this::runNext);
        }
    }

    private void runNext() {
        next().ifPresent(this::run);
    }

    private void run(Work work) {
        RUNNING.set(work);
        try {
            work.via.run(work.task);
        } finally {
            RUNNING.remove();
            synchronized (queues) {
                known.remove(work.task);
                count(work, -1);
                retryUnused();
            }
        }
    }

    private Optional<Work> next() {
        synchronized (queues) {
            for (Set<Work> queue : queues.values()) {
                Iterator<Work> first = queue.iterator();
                if (first.hasNext()) {
                    Work work = first.next();
                    if (work.priority == Priority.PREFETCH && prefetches >= maxPrefetches) {
                        break;
                    }
                    first.remove();
                    count(work, 1);
                    return Optional.of(work);
                }
            }
            unused++;
            return Optional.empty();
        }
    }

    /** Caller holds the lock. */
    private Set<Work> queue(Priority priority) {
        return queues.computeIfAbsent(priority, first -> new LinkedHashSet<>());
    }
}
