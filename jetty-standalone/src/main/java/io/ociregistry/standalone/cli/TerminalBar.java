package io.ociregistry.standalone.cli;

import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.function.IntSupplier;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarConsumer;
import me.tongfei.progressbar.ProgressBarStyle;
import me.tongfei.progressbar.ProgressState;

/**
 * One progress bar in the last line of a terminal. Results are printed above it.
 *
 * <p>A command has one bar at a time: the library moves the cursor between several bars, which damages them as soon as
 * one ends or another line is printed.
 */
public final class TerminalBar implements TaskProgress {
    private static final int MILLIS = 200;
    private static final long MEGABYTE = 1_000_000;
    private static final String CLEAR_LINE = "\r\u001b[K";

    private final PrintStream err;
    private final IntSupplier columns;
    private final ProgressBar bar;
    private final LastLine lastLine = new LastLine();
    /** The text of the bar as it was drawn last. Guarded by "drawing". */
    private String drawn = "";
    /** The library may draw and close a bar again while it ends. Guarded by "drawing". */
    private boolean ended;
    /** Held while something is printed. */
    private final Object drawing = new Object();

    private volatile double perSecond;

    private TerminalBar(String task, PrintStream err, IntSupplier columns, String unit, long unitSize) {
        this.err = err;
        this.columns = columns;
        this.bar = new ProgressBarBuilder()
                .setTaskName(task)
                .setStyle(ProgressBarStyle.ASCII)
                .setUpdateIntervalMillis(MILLIS)
                .setUnit(unit, unitSize)
                .setInitialMax(-1)
                .setEtaFunction(this::left)
                .setConsumer(lastLine)
                .build();
    }

    /** Makes a bar that counts bytes on the terminal of standard error. */
    public static TerminalBar ofBytes(String task, PrintStream err) {
        return ofBytes(task, err, Terminal::columns);
    }

    /** Makes a bar that counts bytes on a terminal with so many columns. */
    public static TerminalBar ofBytes(String task, PrintStream err, IntSupplier columns) {
        return new TerminalBar(task, err, columns, " MB", MEGABYTE);
    }

    static TerminalBar ofSteps(String task, PrintStream err) {
        return new TerminalBar(task, err, Terminal::columns, "", 1);
    }

    /** Draws the text of the bar over the last line. */
    private final class LastLine implements ProgressBarConsumer {
        /** One column stays empty, because a terminal moves the cursor to the next line after the last one. */
        @Override
        public int getMaxRenderedLength() {
            return columns.getAsInt() - 1;
        }

        @Override
        public void accept(String text) {
            synchronized (drawing) {
                if (!ended) {
                    drawn = text;
                    err.print(CLEAR_LINE + text);
                    err.flush();
                }
            }
        }

        @Override
        public void close() {
            synchronized (drawing) {
                if (!ended) {
                    ended = true;
                    drawn = "";
                    err.println();
                }
            }
        }
    }

    private Optional<Duration> left(ProgressState state) {
        double rate = perSecond;
        if (rate == 0) {
            Duration elapsed = Duration.between(state.getStartInstant(), Instant.now());
            rate = state.getCurrent() * 1000.0 / Math.max(1, elapsed.toMillis());
        }
        return rate < 1 || state.isIndefinite()
                ? Optional.empty()
                : Optional.of(Duration.ofSeconds((long) ((state.getMax() - state.getCurrent()) / rate)));
    }

    /**
     * Shows a text after the bar.
     *
     * @param rate the units per second by which the remaining time is estimated; the default is the mean of the bar
     */
    public void note(String text, double rate) {
        perSecond = rate;
        bar.setExtraMessage(text);
    }

    @Override
    public void stepTo(long done, long total) {
        bar.maxHint(Math.max(done, total)).stepTo(done);
    }

    @Override
    public void print(PrintStream to, String line) {
        synchronized (drawing) {
            err.print(CLEAR_LINE);
            err.flush();
            to.println(line);
            to.flush();
            err.print(drawn);
            err.flush();
        }
    }

    @Override
    public void close() {
        bar.close();
        // The library may return before its own thread has ended the line.
        lastLine.close();
    }
}
