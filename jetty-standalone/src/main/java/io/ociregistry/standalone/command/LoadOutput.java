package io.ociregistry.standalone.command;

import io.ociregistry.common.ByteSize;
import io.ociregistry.registry.load.LoadJson;
import io.ociregistry.registry.load.LoadListener;
import io.ociregistry.registry.load.LoadOutcome.Failed;
import io.ociregistry.registry.load.LoadSummary;
import io.ociregistry.standalone.cli.CliOption;
import io.ociregistry.standalone.cli.GivenOptions;
import io.ociregistry.standalone.cli.Terminal;
import io.ociregistry.standalone.cli.UsageException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;

/** Chooses the output of {@code load}, and formats its common lines. */
final class LoadOutput {
    private LoadOutput() {}

    /** The output that the options set; otherwise bars on a terminal, and lines in a file. */
    static LoadListener of(GivenOptions options, PrintStream out, PrintStream err) throws UsageException {
        if (options.has(CliOption.JSON) && options.has(CliOption.QUIET)) {
            throw new UsageException("--json and --quiet cannot be used together; keep one of them");
        }
        if (options.has(CliOption.JSON)) {
            return new LoadJson(out::println);
        }
        if (options.has(CliOption.QUIET)) {
            return new LoadFailures(err);
        }
        return Terminal.isStandardError() ? LoadBars.on(out, err) : new LoadLines(out, err, LoadLines.INTERVAL);
    }

    static void printFailure(Failed failed, PrintStream err) {
        err.println(failure(failed));
    }

    static String failure(Failed failed) {
        return "ociregistry: not loaded: " + failed.image() + ": " + failed.reason();
    }

    static void printSummary(LoadSummary summary, PrintStream out) {
        summary.notes().forEach(note -> out.println("note: " + note));
        out.println(counts(summary));
    }

    private static String counts(LoadSummary summary) {
        return summary.loaded() + " loaded, " + summary.alreadyCached() + " already there, "
                + summary.failed().size() + " failed; " + ByteSize.format(summary.bytes()) + " in "
                + seconds(summary.took());
    }

    static String seconds(Duration time) {
        return String.format(Locale.ROOT, "%.1f s", time.toMillis() / 1000.0);
    }

    /** Formats the remaining time as h:mm:ss. */
    static String remaining(Duration time) {
        return String.format(
                Locale.ROOT, "%d:%02d:%02d left", time.toHours(), time.toMinutesPart(), time.toSecondsPart());
    }
}
