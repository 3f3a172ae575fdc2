package io.ociregistry.common;

import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Work that runs once, even if several executors get it.
 *
 * <p>The first caller starts it on its executor. Callers that join later submit it to their executors too, so that an
 * executor with a higher priority may run it earlier. Thread-safe.
 */
public final class RunOnce implements Runnable {
    private final Runnable work;
    private final AtomicBoolean taken = new AtomicBoolean();
    /** The first caller's executor, once it has the work. */
    private volatile @Nullable Executor first;

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
     * Submits the work to the executor of the first caller. If another executor has joined already, it gets the work
     * after this one.
     *
     * @throws RejectedExecutionException if the executor is full; then the work is submitted nowhere
     */
    public void start(Executor executor) {
        executor.execute(this);
        first = executor;
        Executor early = joined;
        if (early != null && early != executor) {
            submitTo(early);
        }
    }

    /** Submits the work to the executor of another caller too, unless that executor is full or has the work. */
    public void join(Executor executor) {
        joined = executor;
        Executor known = first;
        if (known != null && known != executor) {
            submitTo(executor);
        }
    }

    private void submitTo(Executor executor) {
        try {
            executor.execute(this);
        } catch (RejectedExecutionException full) {
            // The first executor has the work already.
        }
    }
}
