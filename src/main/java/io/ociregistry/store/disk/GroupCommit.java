package io.ociregistry.store.disk;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A write to disk that concurrent callers share: one run serves all calls that were made before it started (ADR 40).
 *
 * <p>A failed run fails only its own caller. The other callers run the action themselves. Thread-safe; the action runs
 * on one thread at a time.
 */
final class GroupCommit {
    /** Writes or forces everything that was handed over before it started. */
    @FunctionalInterface
    interface Action {
        void run() throws IOException;
    }

    private final Action action;
    private final AtomicLong calls = new AtomicLong();
    private final ReentrantLock running = new ReentrantLock();
    /** The number of the last call that a run has served. Guarded by {@code running}. */
    private long served;

    GroupCommit(Action action) {
        this.action = action;
    }

    /** Returns the number of calls so far, complete or not. */
    long calls() {
        return calls.get();
    }

    /** Returns after a complete run of the action that started after this call. */
    void await() throws IOException {
        long call = calls.incrementAndGet();
        running.lock();
        try {
            if (served < call) {
                long last = calls.get();
                action.run();
                served = last;
            }
        } finally {
            running.unlock();
        }
    }
}
