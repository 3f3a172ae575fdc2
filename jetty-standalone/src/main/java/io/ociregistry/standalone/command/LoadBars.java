package io.ociregistry.standalone.command;

import io.ociregistry.registry.load.LoadListener;
import io.ociregistry.registry.load.LoadOutcome;
import io.ociregistry.registry.load.LoadOutcome.Failed;
import io.ociregistry.registry.load.LoadOutcome.Loaded;
import io.ociregistry.registry.load.LoadSummary;
import java.io.PrintStream;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * Shows a progress bar for every image that is not cached yet, with bytes, rate and remaining time; prints failures and
 * the summary at the end. Thread-safe.
 */
final class LoadBars implements LoadListener {
    private static final int MILLIS = 200;
    private static final long MEGABYTE = 1_000_000;
    /** Longer names are cut at their start, because their end tells more. */
    private static final int MAX_NAME_LENGTH = 40;

    private final PrintStream out;
    private final PrintStream err;
    private final UnaryOperator<ProgressBarBuilder> display;
    private final Map<String, ProgressBar> bars = new ConcurrentHashMap<>();

    /** Makes bars that {@code display} configures. */
    LoadBars(PrintStream out, PrintStream err, UnaryOperator<ProgressBarBuilder> display) {
        this.out = out;
        this.err = err;
        this.display = display;
    }

    /** Makes bars on standard error. */
    static LoadBars on(PrintStream out, PrintStream err) {
        return new LoadBars(out, err, UnaryOperator.identity());
    }

    @Override
    public void started(String image) {
        ProgressBarBuilder bar = ProgressBar.builder()
                .setTaskName(shortened(image))
                .setStyle(ProgressBarStyle.ASCII)
                .setUpdateIntervalMillis(MILLIS)
                .setUnit(" MB", MEGABYTE)
                .setInitialMax(-1)
                .showSpeed(new DecimalFormat("0.00", DecimalFormatSymbols.getInstance(Locale.ROOT)));
        bars.put(image, display.apply(bar).build());
    }

    @Override
    public void progressed(String image, long bytes, long total) {
        ProgressBar bar = bars.get(image);
        if (bar != null) {
            bar.maxHint(Math.max(bytes, total)).stepTo(bytes);
        }
    }

    @Override
    public void ended(LoadOutcome outcome) {
        ProgressBar bar = bars.remove(outcome.image());
        if (bar != null) {
            if (outcome instanceof Failed) {
                bar.setExtraMessage("failed");
            } else if (outcome instanceof Loaded loaded) {
                // The last bytes may have arrived before the size was reported.
                bar.maxHint(Math.max(bar.getMax(), loaded.bytes())).stepTo(Math.max(bar.getMax(), loaded.bytes()));
            } else {
                bar.setExtraMessage("already there");
            }
            bar.close();
        }
    }

    @Override
    public void finished(LoadSummary summary) {
        summary.failed().forEach(failed -> LoadOutput.printFailure(failed, err));
        LoadOutput.printSummary(summary, out);
    }

    private static String shortened(String image) {
        return image.length() <= MAX_NAME_LENGTH
                ? image
                : "..." + image.substring(image.length() - MAX_NAME_LENGTH + 3);
    }
}
