package io.ociregistry.common;

import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** Work that runs once, however many executors it is given to: that of who wanted it first, and those of who join and may be more urgent. */
public final class RunOnce implements Runnable {
    private final Runnable work;
    private final AtomicBoolean taken = new AtomicBoolean();
    private volatile boolean started;
    private volatile @Nullable Executor joined;

    public RunOnce(Runnable work) {
        this.work = work;
    }

    @Override
    public void run() {
        if (taken.compareAndSet(false, true)) {
            work.run();
        }
    }

    /**
     * Gives it to the executor of who wants it first. Nothing is run before.
     *
     * @throws RejectedExecutionException if the executor is full
     */
    public void start(Executor executor) {
        executor.execute(this);
        started = true;
        Executor early = joined;
        if (early != null) {
            give(early);
        }
    }

    /** Somebody else wants it too, as urgently as that executor is. */
    public void join(Executor executor) {
        joined = executor;
        if (started) {
            give(executor);
        }
    }

    private void give(Executor executor) {
        try {
            executor.execute(this);
        } catch (RejectedExecutionException full) {
            // It keeps the place that it has.
        }
    }
}
