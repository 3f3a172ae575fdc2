package io.ociregistry.standalone.command;

import io.ociregistry.common.ByteSize;
import io.ociregistry.registry.load.LoadListener;
import io.ociregistry.registry.load.LoadOutcome;
import io.ociregistry.registry.load.LoadOutcome.AlreadyCached;
import io.ociregistry.registry.load.LoadOutcome.Failed;
import io.ociregistry.registry.load.LoadOutcome.Loaded;
import io.ociregistry.registry.load.LoadSummary;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Prints the start and the end of every image, and its progress every few seconds. Thread-safe. */
final class LoadLines implements LoadListener {
    static final Duration INTERVAL = Duration.ofSeconds(5);

    private final PrintStream out;
    private final PrintStream err;
    private final Duration interval;
    private final Map<String, Mark> marks = new ConcurrentHashMap<>();

    /** The time of the last line that was printed for an image, and the bytes that were received until then. */
    private record Mark(long nanos, long received) {}

    LoadLines(PrintStream out, PrintStream err, Duration interval) {
        this.out = out;
        this.err = err;
        this.interval = interval;
    }

    @Override
    public void started(String image) {
        marks.put(image, new Mark(System.nanoTime(), 0));
        out.println("loading " + image);
    }

    @Override
    public void progressed(String image, long bytes, long received, long total) {
        Mark last = marks.getOrDefault(image, new Mark(System.nanoTime(), received));
        long now = System.nanoTime();
        long nanos = now - last.nanos;
        if (nanos >= interval.toNanos() && bytes < total) {
            marks.put(image, new Mark(now, received));
            double perSecond = (received - last.received) * 1e9 / nanos;
            out.println(image + ": " + ByteSize.format(bytes) + " of " + ByteSize.format(total) + ", "
                    + ByteSize.format((long) perSecond) + "/s" + left(total - bytes, perSecond));
        }
    }

    private static String left(long bytes, double perSecond) {
        return perSecond < 1 ? "" : ", " + LoadOutput.remaining(Duration.ofSeconds((long) (bytes / perSecond)));
    }

    @Override
    public void ended(LoadOutcome outcome) {
        marks.remove(outcome.image());
        if (outcome instanceof Loaded loaded) {
            out.println("loaded " + loaded.image() + ": " + ByteSize.format(loaded.bytes()) + " in "
                    + LoadOutput.seconds(loaded.took()));
        } else if (outcome instanceof AlreadyCached there) {
            out.println("already there: " + there.image());
        } else if (outcome instanceof Failed failed) {
            LoadOutput.printFailure(failed, err);
        }
    }

    @Override
    public void finished(LoadSummary summary) {
        LoadOutput.printSummary(summary, out);
    }
}
