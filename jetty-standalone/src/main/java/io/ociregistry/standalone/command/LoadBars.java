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

/** A bar for every image that takes work, with bytes, rate and the time that is left; failures and the summary after all of them. */
final class LoadBars implements LoadListener {
    private static final int MILLIS = 200;
    private static final long MEGABYTE = 1_000_000;
    /** Of a name, its end tells more than its beginning. */
    private static final int LONGEST_NAME = 40;

    private final PrintStream out;
    private final PrintStream err;
    private final UnaryOperator<ProgressBarBuilder> display;
    private final Map<String, ProgressBar> bars = new ConcurrentHashMap<>();

    /** Shows them where {@code display} says. */
    LoadBars(PrintStream out, PrintStream err, UnaryOperator<ProgressBarBuilder> display) {
        this.out = out;
        this.err = err;
        this.display = display;
    }

    /** Shows them on standard error. */
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
                // All of it may have come before anything was told of its size.
                bar.maxHint(Math.max(bar.getMax(), loaded.bytes())).stepTo(Math.max(bar.getMax(), loaded.bytes()));
            } else {
                bar.setExtraMessage("already there");
            }
            bar.close();
        }
    }

    @Override
    public void finished(LoadSummary summary) {
        summary.failed().forEach(failed -> LoadOutput.fail(failed, err));
        LoadOutput.summary(summary, out);
    }

    private static String shortened(String image) {
        return image.length() <= LONGEST_NAME ? image : "..." + image.substring(image.length() - LONGEST_NAME + 3);
    }
}
