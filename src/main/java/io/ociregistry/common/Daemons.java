package io.ociregistry.common;

import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Creates daemon threads that have a name and log an uncaught exception.
 *
 * <p>The name says in a thread dump what the thread is for. Without the handler, Java prints an uncaught exception to
 * the console, which operators of a server do not see. Thread-safe.
 */
public final class Daemons implements ThreadFactory {
    private static final Logger LOG = LoggerFactory.getLogger(Daemons.class);

    private final Supplier<String> names;

    private Daemons(Supplier<String> names) {
        this.names = names;
    }

    /** Returns a factory whose threads all have this name. */
    public static Daemons withName(String name) {
        return new Daemons(() -> name);
    }

    /** Returns a factory whose threads are named by this prefix and a number that starts at 1. */
    public static Daemons withPrefix(String prefix) {
        AtomicInteger number = new AtomicInteger();
        return new Daemons(() -> prefix + number.incrementAndGet());
    }

    @Override
    public Thread newThread(Runnable work) {
        Thread thread = new Thread(work, names.get());
        thread.setDaemon(true);
        thread.setUncaughtExceptionHandler(Daemons::logUncaught);
        return thread;
    }

    private static void logUncaught(Thread thread, Throwable cause) {
        LOG.error("the thread {} ended because of an unexpected exception; please report it", thread.getName(), cause);
    }
}
