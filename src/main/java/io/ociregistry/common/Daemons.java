package io.ociregistry.common;

import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the threads of the background. None keeps a process alive, each has a name that says in a thread dump what it is for, and what ends one
 * too early is in the log: Java would tell it to a console that a server has nobody at.
 */
public final class Daemons implements ThreadFactory {
    private static final Logger LOG = LoggerFactory.getLogger(Daemons.class);

    private final Supplier<String> names;

    private Daemons(Supplier<String> names) {
        this.names = names;
    }

    /** Threads that all have that name. */
    public static Daemons named(String name) {
        return new Daemons(() -> name);
    }

    /** Threads whose names are that and a number, from 1. */
    public static Daemons numbered(String name) {
        AtomicInteger number = new AtomicInteger();
        return new Daemons(() -> name + number.incrementAndGet());
    }

    /** A thread that has not begun. */
    @Override
    public Thread newThread(Runnable work) {
        Thread thread = new Thread(work, names.get());
        thread.setDaemon(true);
        thread.setUncaughtExceptionHandler(Daemons::ended);
        return thread;
    }

    private static void ended(Thread thread, Throwable cause) {
        LOG.error("the thread {} ended by what nobody expected", thread.getName(), cause);
    }
}
