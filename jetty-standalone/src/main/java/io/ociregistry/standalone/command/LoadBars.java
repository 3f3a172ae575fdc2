package io.ociregistry.standalone.command;

import io.ociregistry.common.ByteSize;
import io.ociregistry.registry.load.LoadListener;
import io.ociregistry.registry.load.LoadOutcome;
import io.ociregistry.registry.load.LoadOutcome.Failed;
import io.ociregistry.registry.load.LoadOutcome.Loaded;
import io.ociregistry.registry.load.LoadSummary;
import io.ociregistry.standalone.cli.TerminalBar;
import java.io.PrintStream;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Shows one bar with the bytes of all images, and a line for each image when it ends; prints the summary at the end.
 * Thread-safe.
 */
final class LoadBars implements LoadListener {
    /** Longer names are cut at their start, because their end tells more. */
    private static final int MAX_NAME_LENGTH = 40;

    private final PrintStream out;
    private final PrintStream err;
    private final Supplier<TerminalBar> bars;
    // Guarded by this.
    private @Nullable TerminalBar bar;
    private long started;
    private final Map<String, Size> sizes = new LinkedHashMap<>();
    private final Set<String> active = new HashSet<>();

    /** The bytes of one image; see {@link LoadListener#progressed}. */
    private record Size(long bytes, long received, long total) {}

    /** Makes a bar by {@code bars} when the first image has to be fetched. */
    LoadBars(PrintStream out, PrintStream err, Supplier<TerminalBar> bars) {
        this.out = out;
        this.err = err;
        this.bars = bars;
    }

    /** Makes a bar on standard error. */
    static LoadBars on(PrintStream out, PrintStream err) {
        return new LoadBars(out, err, () -> TerminalBar.ofBytes("loading", err));
    }

    @Override
    public synchronized void started(String image) {
        if (bar == null) {
            bar = bars.get();
            started = System.nanoTime();
        }
        active.add(image);
        sizes.put(image, new Size(0, 0, 0));
        show();
    }

    @Override
    public synchronized void progressed(String image, long bytes, long received, long total) {
        sizes.put(image, new Size(bytes, received, Math.max(bytes, total)));
        show();
    }

    @Override
    public synchronized void ended(LoadOutcome outcome) {
        active.remove(outcome.image());
        Size last = sizes.getOrDefault(outcome.image(), new Size(0, 0, 0));
        if (outcome instanceof Loaded loaded) {
            // The last bytes may have arrived before the size was reported.
            long all = Math.max(last.total, loaded.bytes());
            sizes.put(loaded.image(), new Size(all, loaded.bytes(), all));
            print("loaded " + loaded.image() + ": " + ByteSize.format(loaded.bytes()) + " in "
                    + LoadOutput.seconds(loaded.took()));
        } else if (outcome instanceof Failed failed) {
            sizes.put(failed.image(), new Size(last.bytes, last.received, last.bytes));
            print(LoadOutput.failure(failed));
        } else {
            print("already there: " + outcome.image());
        }
        show();
    }

    /** Caller holds the lock. */
    private void print(String line) {
        if (bar == null) {
            err.println(line);
        } else {
            bar.print(err, line);
        }
    }

    /** Caller holds the lock. */
    private void show() {
        if (bar != null) {
            long received = sizes.values().stream().mapToLong(Size::received).sum();
            double perSecond = received * 1e9 / Math.max(1, System.nanoTime() - started);
            String names = active.size() == 1 ? shortened(active.iterator().next()) : active.size() + " images";
            bar.note(ByteSize.format((long) perSecond) + "/s" + (active.isEmpty() ? "" : " " + names), perSecond);
            bar.stepTo(
                    sizes.values().stream().mapToLong(Size::bytes).sum(),
                    sizes.values().stream().mapToLong(Size::total).sum());
        }
    }

    @Override
    public synchronized void finished(LoadSummary summary) {
        if (bar != null) {
            bar.close();
            bar = null;
        }
        LoadOutput.printSummary(summary, out);
    }

    private static String shortened(String image) {
        return image.length() <= MAX_NAME_LENGTH
                ? image
                : "..." + image.substring(image.length() - MAX_NAME_LENGTH + 3);
    }
}
