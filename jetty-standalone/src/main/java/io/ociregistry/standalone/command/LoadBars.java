package io.ociregistry.standalone.command;

import io.ociregistry.registry.load.LoadListener;
import io.ociregistry.registry.load.LoadOutcome;
import io.ociregistry.registry.load.LoadOutcome.Failed;
import io.ociregistry.registry.load.LoadOutcome.Loaded;
import io.ociregistry.registry.load.LoadSummary;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import me.tongfei.progressbar.ProgressState;

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
    private final Map<String, Bar> bars = new ConcurrentHashMap<>();

    /** A bar with the rate of the received bytes. The bar's own rate would count bytes that an earlier load left. */
    private static final class Bar {
        private final long started = System.nanoTime();
        private final ProgressBar shown;
        private volatile double perSecond;

        Bar(ProgressBarBuilder builder) {
            this.shown = builder.setEtaFunction(this::left).build();
        }

        private Optional<Duration> left(ProgressState state) {
            return perSecond < 1 || state.isIndefinite()
                    ? Optional.empty()
                    : Optional.of(Duration.ofSeconds((long) ((state.getMax() - state.getCurrent()) / perSecond)));
        }

        void stepTo(long bytes, long received, long total) {
            perSecond = received * 1e9 / Math.max(1, System.nanoTime() - started);
            shown.setExtraMessage(String.format(Locale.ROOT, "%.2f MB/s", perSecond / MEGABYTE));
            shown.maxHint(Math.max(bytes, total)).stepTo(bytes);
        }
    }

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
                .setInitialMax(-1);
        bars.put(image, new Bar(display.apply(bar)));
    }

    @Override
    public void progressed(String image, long bytes, long received, long total) {
        Bar bar = bars.get(image);
        if (bar != null) {
            bar.stepTo(bytes, received, total);
        }
    }

    @Override
    public void ended(LoadOutcome outcome) {
        Bar bar = bars.remove(outcome.image());
        if (bar != null) {
            if (outcome instanceof Failed) {
                bar.shown.setExtraMessage("failed");
            } else if (outcome instanceof Loaded loaded) {
                // The last bytes may have arrived before the size was reported.
                long all = Math.max(bar.shown.getMax(), loaded.bytes());
                bar.stepTo(all, loaded.bytes(), all);
            } else {
                bar.shown.setExtraMessage("already there");
            }
            bar.shown.close();
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
