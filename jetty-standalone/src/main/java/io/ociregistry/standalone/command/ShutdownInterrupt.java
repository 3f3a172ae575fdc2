package io.ociregistry.standalone.command;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Interrupts one thread when a signal ends the process, and delays the exit until that thread has closed this object,
 * at most 20 s. A second signal ends the process at once.
 */
final class ShutdownInterrupt implements AutoCloseable {
    private static final Duration MAX_DELAY = Duration.ofSeconds(20);

    private final CountDownLatch closed = new CountDownLatch(1);
    private final Thread hook;

    private ShutdownInterrupt(Thread interrupted) {
        this.hook = new Thread(() -> end(interrupted), "interrupts");
    }

    static ShutdownInterrupt ofThisThread() {
        var interrupts = new ShutdownInterrupt(Thread.currentThread());
        Runtime.getRuntime().addShutdownHook(interrupts.hook);
        Signals.endAtOnceOnSecond(() -> {});
        return interrupts;
    }

    private void end(Thread interrupted) {
        interrupted.interrupt();
        try {
            closed.await(MAX_DELAY.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Throws if the thread was already interrupted. */
    void check() throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
    }

    @Override
    public void close() {
        closed.countDown();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException ending) {
            // The JVM is shutting down: the hook is running.
        }
    }
}
