package io.ociregistry.standalone.cli;

import io.ociregistry.common.ByteSize;
import java.io.PrintStream;
import java.time.Duration;
import java.util.function.LongFunction;

/** Prints the progress of a task as a line at most every 30 seconds. */
final class ProgressLines implements TaskProgress {
    private static final Duration INTERVAL = Duration.ofSeconds(30);

    private final String task;
    private final PrintStream err;
    private final LongFunction<String> format;
    private final Duration interval;
    /** Guarded by "this". */
    private long last = System.nanoTime();

    ProgressLines(String task, PrintStream err, LongFunction<String> format, Duration interval) {
        this.task = task;
        this.err = err;
        this.format = format;
        this.interval = interval;
    }

    static ProgressLines ofBytes(String task, PrintStream err) {
        return new ProgressLines(task, err, ByteSize::format, INTERVAL);
    }

    static ProgressLines ofSteps(String task, PrintStream err) {
        return new ProgressLines(task, err, String::valueOf, INTERVAL);
    }

    @Override
    public synchronized void stepTo(long done, long total) {
        if (System.nanoTime() - last >= interval.toNanos()) {
            last = System.nanoTime();
            err.println(task + ": " + format.apply(done) + " of " + format.apply(Math.max(done, total)));
        }
    }

    @Override
    public void print(PrintStream to, String line) {
        to.println(line);
    }

    @Override
    public void close() {}
}
