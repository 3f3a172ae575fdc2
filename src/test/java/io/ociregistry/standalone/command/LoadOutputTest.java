package io.ociregistry.standalone.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.registry.load.LoadListener;
import io.ociregistry.registry.load.LoadOutcome.AlreadyCached;
import io.ociregistry.registry.load.LoadOutcome.Failed;
import io.ociregistry.registry.load.LoadOutcome.Loaded;
import io.ociregistry.registry.load.LoadSummary;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The output formats of {@code load}. */
@Timeout(30)
class LoadOutputTest {
    private static final String IMAGE = "r.example/team/app:1.0";
    private static final Failed FAILED = new Failed("r.example/x:1", "it is not there", false);

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @Test
    void linesHaveStartEndAndProgressAtInterval() {
        play(new LoadLines(stream(out), stream(err), Duration.ZERO));
        assertEquals(
                List.of(
                        "loading " + IMAGE,
                        IMAGE + ": 20.0 MB of 80.0 MB, R, T left",
                        "loaded " + IMAGE + ": 80.0 MB in 4.0 s",
                        "already there: r.example/there:1",
                        "note: a.tar has no manifests",
                        "1 loaded, 1 already there, 1 failed; 80.0 MB in 4.0 s"),
                out.toString(StandardCharsets.UTF_8)
                        .lines()
                        .map(line -> line.replaceAll("[0-9.]+ [kMGT]?B/s, [0-9]+:[0-9]{2}:[0-9]{2} ", "R, T "))
                        .toList());
        assertEquals("ociregistry: not loaded: r.example/x:1: it is not there\n", err.toString(StandardCharsets.UTF_8));
    }

    @Test
    void rateCountsOnlyReceivedBytes() {
        List<String> shown = new CopyOnWriteArrayList<>();
        LoadBars bars = new LoadBars(
                stream(out), stream(err), bar -> bar.setConsumer(new DelegatingProgressBarConsumer(shown::add, 120)));
        for (LoadListener listener : List.of(bars, new LoadLines(stream(out), stream(err), Duration.ZERO))) {
            listener.started(IMAGE);
            listener.progressed(IMAGE, 20_000_000, 0, 80_000_000);
        }
        assertTrue(
                out.toString(StandardCharsets.UTF_8).contains(IMAGE + ": 20.0 MB of 80.0 MB, 0 B/s\n"), out::toString);
        bars.ended(new Loaded(IMAGE, 0, Duration.ofSeconds(4)));
        String last = shown.get(shown.size() - 1);
        assertTrue(last.contains("80/80 MB") && last.contains(" 0.00 MB/s"), last);
    }

    @Test
    void remainingTimeHasHours() {
        assertEquals("3:05:07 left", LoadOutput.remaining(Duration.ofSeconds(3 * 3600 + 5 * 60 + 7)));
    }

    @Test
    void linesHaveNoProgressWithinInterval() {
        play(new LoadLines(stream(out), stream(err), Duration.ofHours(1)));
        assertEquals(5, out.toString(StandardCharsets.UTF_8).lines().count());
    }

    @Test
    void barsShowBytesAndRateBeforeSummary() {
        List<String> shown = new CopyOnWriteArrayList<>();
        play(new LoadBars(
                stream(out), stream(err), bar -> bar.setConsumer(new DelegatingProgressBarConsumer(shown::add, 120))));
        String last = shown.get(shown.size() - 1);
        assertTrue(last.startsWith(IMAGE + " 100%"), last);
        assertTrue(last.contains("80/80 MB"), last);
        assertTrue(last.contains("MB/s"), last);
        assertEquals(
                "note: a.tar has no manifests\n1 loaded, 1 already there, 1 failed; 80.0 MB in 4.0 s\n",
                out.toString(StandardCharsets.UTF_8));
        assertEquals("ociregistry: not loaded: r.example/x:1: it is not there\n", err.toString(StandardCharsets.UTF_8));
    }

    @Test
    void barIsFullIfSizeWasNeverReported() {
        List<String> shown = new CopyOnWriteArrayList<>();
        LoadBars bars = new LoadBars(
                stream(out), stream(err), bar -> bar.setConsumer(new DelegatingProgressBarConsumer(shown::add, 120)));
        bars.started(IMAGE);
        bars.ended(new Loaded(IMAGE, 80_000_000, Duration.ofSeconds(4)));
        String last = shown.get(shown.size() - 1);
        assertTrue(last.startsWith(IMAGE + " 100%"), last);
    }

    private static void play(LoadListener listener) {
        listener.started(IMAGE);
        listener.progressed(IMAGE, 20_000_000, 20_000_000, 80_000_000);
        listener.ended(new Loaded(IMAGE, 80_000_000, Duration.ofSeconds(4)));
        listener.ended(new AlreadyCached("r.example/there:1"));
        listener.ended(FAILED);
        listener.finished(new LoadSummary(
                1, 1, List.of(FAILED), List.of("a.tar has no manifests"), 80_000_000, Duration.ofSeconds(4)));
    }

    private static PrintStream stream(ByteArrayOutputStream bytes) {
        return new PrintStream(bytes, true, StandardCharsets.UTF_8);
    }
}
