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
 * A few threads, and a line of waiting work for each {@link Priority}: a free thread takes the first of the most urgent line.
 *
 * <p>A line that is full rejects, whatever the others hold, so nothing crowds out what is more urgent. Work that is given again while it waits
 * is not queued twice, but moves to the better line; given again while it runs it counts as that urgent from then on, and is not run twice.
 * What is prefetched may take hours, so it leaves one thread to the others, if there are two. Idle threads end.
 */
public final class PriorityThreads {
    private static final int IDLE_SECONDS = 30;
    private static final ThreadLocal<Work> RUNNING = new ThreadLocal<>();

    private final int waiting;
    private final int prefetchesAtMost;
    private final ThreadPoolExecutor threads;

    // All are guarded by "lines".
    private final Map<Priority, Set<Work>> lines = new EnumMap<>(Priority.class);
    /** All work that waits or runs. */
    private final Map<Runnable, Work> known = new HashMap<>();
    /** How many threads prefetch. */
    private int prefetches;
    /** Tickets whose threads found nothing that they may take. */
    private int returned;

    /**
     * No thread runs yet.
     *
     * @param waiting how much may wait in each line
     */
    PriorityThreads(String name, int count, int waiting) {
        this.waiting = waiting;
        this.prefetchesAtMost = Math.max(1, count - 1);
        // Its queue holds no more tickets than there is work in the lines, so they bound it.
        this.threads = new ThreadPoolExecutor(
                count, count, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), Daemons.numbered(name));
        threads.allowCoreThreadTimeOut(true);
    }

    private static final class Work {
        private final Runnable task;
        private final Via via = Via.here();
        /** Written under the lock; read without it while it runs. */
        private volatile Priority priority;

        Work(Runnable task, Priority priority) {
            this.task = task;
            this.priority = priority;
        }
    }

    /** Runs work with that priority. */
    Executor at(Priority priority) {
        return task -> execute(task, priority);
    }

    /** How urgent the work of the calling thread is; where it is none of these, there is a client waiting. */
    public static Priority here() {
        Work work = RUNNING.get();
        return work == null ? Priority.CLIENT : work.priority;
    }

    /** Keeps no idle threads from now on; work is still taken and done. */
    void retire() {
        threads.setKeepAliveTime(1, TimeUnit.MILLISECONDS);
    }

    /** Takes no more work; ends when what waits and may be taken is done. */
    void shutdown() {
        threads.shutdown();
    }

    /** Waits so long for that end, then interrupts what is left. */
    void end(Duration atMost) {
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
        synchronized (lines) {
            Work work = known.get(task);
            if (work == null) {
                enter(new Work(task, priority));
            } else if (priority.compareTo(work.priority) < 0) {
                promote(work, priority);
            }
        }
    }

    /** Caller holds the lock. */
    private void enter(Work work) {
        Set<Work> line = line(work.priority);
        if (line.size() >= waiting) {
            throw new RejectedExecutionException(line.size() + " wait already");
        }
        threads.execute(this::runNext);
        line.add(work);
        known.put(work.task, work);
    }

    /** Caller holds the lock. The better line may grow beyond its bound: nothing more is kept in all. */
    private void promote(Work work, Priority priority) {
        boolean waited = line(work.priority).remove(work);
        if (waited) {
            line(priority).add(work);
        } else {
            count(work, -1);
        }
        work.priority = priority;
        count(work, waited ? 0 : 1);
        giveOutAgain();
    }

    /** Caller holds the lock. */
    private void count(Work work, int more) {
        prefetches += work.priority == Priority.PREFETCH ? more : 0;
    }

    /** Something that may be taken may be there now. Caller holds the lock. */
    private void giveOutAgain() {
        if (returned > 0 && !threads.isShutdown()) {
            returned--;
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
            synchronized (lines) {
                known.remove(work.task);
                count(work, -1);
                giveOutAgain();
            }
        }
    }

    private Optional<Work> next() {
        synchronized (lines) {
            for (Set<Work> line : lines.values()) {
                Iterator<Work> first = line.iterator();
                if (first.hasNext()) {
                    Work work = first.next();
                    if (work.priority == Priority.PREFETCH && prefetches >= prefetchesAtMost) {
                        break;
                    }
                    first.remove();
                    count(work, 1);
                    return Optional.of(work);
                }
            }
            returned++;
            return Optional.empty();
        }
    }

    /** Caller holds the lock. */
    private Set<Work> line(Priority priority) {
        return lines.computeIfAbsent(priority, first -> new LinkedHashSet<>());
    }
}
