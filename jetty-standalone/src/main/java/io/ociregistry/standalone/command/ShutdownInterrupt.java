package io.ociregistry.standalone.command;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Makes a signal that ends this process an interrupt of one thread first, until closed, and lets that thread clean up for a while. */
final class ShutdownInterrupt implements AutoCloseable {
    private static final Duration CLEAN_UP = Duration.ofSeconds(20);

    private final CountDownLatch cleanedUp = new CountDownLatch(1);
    private final Thread hook;

    private ShutdownInterrupt(Thread interrupted) {
        this.hook = new Thread(() -> end(interrupted), "interrupts");
    }

    static ShutdownInterrupt ofThisThread() {
        var interrupts = new ShutdownInterrupt(Thread.currentThread());
        Runtime.getRuntime().addShutdownHook(interrupts.hook);
        return interrupts;
    }

    private void end(Thread interrupted) {
        interrupted.interrupt();
        try {
            cleanedUp.await(CLEAN_UP.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Throws if there was one already. */
    void check() throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
    }

    @Override
    public void close() {
        cleanedUp.countDown();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException ending) {
            // It is what runs.
        }
    }
}
