package io.ociregistry.standalone.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.registry.load.LoadListener;
import io.ociregistry.registry.load.LoadOutcome.AlreadyCached;
import io.ociregistry.registry.load.LoadOutcome.Failed;
import io.ociregistry.registry.load.LoadOutcome.Loaded;
import io.ociregistry.registry.load.LoadSummary;
import io.ociregistry.standalone.cli.TerminalBar;
import io.ociregistry.testing.Screen;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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
        LoadBars bars = bars(120);
        for (LoadListener listener : List.of(bars, new LoadLines(stream(out), stream(err), Duration.ZERO))) {
            listener.started(IMAGE);
            listener.progressed(IMAGE, 20_000_000, 0, 80_000_000);
        }
        assertTrue(
                out.toString(StandardCharsets.UTF_8).contains(IMAGE + ": 20.0 MB of 80.0 MB, 0 B/s\n"), out::toString);
        bars.ended(new Loaded(IMAGE, 0, Duration.ofSeconds(4)));
        bars.finished(new LoadSummary(1, 0, List.of(), List.of(), 0, Duration.ofSeconds(4)));
        String last = screen(120).get(1);
        assertTrue(last.contains("80/80 MB") && last.endsWith(" 0 B/s"), last);
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

    @ParameterizedTest
    @ValueSource(ints = {60, 120, 200})
    void barOfAllImagesFollowsLinesOfFinishedOnes(int columns) {
        play(bars(columns));
        List<String> shown = screen(columns);
        assertEquals(
                List.of(
                        "loaded " + IMAGE + ": 80.0 MB in 4.0 s",
                        "already there: r.example/there:1",
                        "ociregistry: not loaded: r.example/x:1: it is not there"),
                shown.subList(0, 3));
        String bar = shown.get(3);
        assertTrue(bar.startsWith("loading 100% ["), bar);
        assertTrue(bar.contains("80/80 MB"), bar);
        assertEquals(List.of(""), shown.subList(4, shown.size()));
        assertEquals(
                "note: a.tar has no manifests\n1 loaded, 1 already there, 1 failed; 80.0 MB in 4.0 s\n",
                out.toString(StandardCharsets.UTF_8));
    }

    @Test
    void barShowsTotalsOfSeveralImagesAtOnce() {
        LoadBars bars = bars(120);
        bars.started(IMAGE);
        bars.started("r.example/b:1");
        bars.progressed(IMAGE, 20_000_000, 20_000_000, 80_000_000);
        bars.progressed("r.example/b:1", 30_000_000, 30_000_000, 40_000_000);
        bars.ended(new Failed("r.example/b:1", "it broke off", true));
        bars.finished(new LoadSummary(0, 0, List.of(), List.of(), 0, Duration.ofSeconds(4)));
        String bar = screen(120).get(1);
        assertTrue(bar.contains(" 45% [") && bar.contains(" 50/110 MB") && bar.endsWith(IMAGE), bar);
    }

    @Test
    void barIsFullIfSizeWasNeverReported() {
        LoadBars bars = bars(80);
        bars.started(IMAGE);
        bars.ended(new Loaded(IMAGE, 80_000_000, Duration.ofSeconds(4)));
        bars.finished(new LoadSummary(1, 0, List.of(), List.of(), 0, Duration.ofSeconds(4)));
        assertTrue(
                screen(80).get(1).startsWith("loading 100%"), () -> screen(80).toString());
    }

    private LoadBars bars(int columns) {
        return new LoadBars(stream(out), stream(err), () -> TerminalBar.ofBytes("loading", stream(err), () -> columns));
    }

    private List<String> screen(int columns) {
        return Screen.lines(err.toString(StandardCharsets.UTF_8), columns);
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
