package io.ociregistry.standalone.command;

import io.ociregistry.common.ByteSize;
import io.ociregistry.config.ServerConfig;
import io.ociregistry.config.ServerKeys;
import io.ociregistry.config.yaml.ConfigException;
import io.ociregistry.registry.CacheRepair;
import io.ociregistry.registry.verify.Verifier;
import io.ociregistry.standalone.cli.Action;
import io.ociregistry.standalone.cli.CliOption;
import io.ociregistry.standalone.cli.CommandFailure;
import io.ociregistry.standalone.cli.GivenOptions;
import io.ociregistry.standalone.cli.TaskProgress;
import io.ociregistry.standalone.jetty.StartException;
import io.ociregistry.store.Store;
import io.ociregistry.store.factory.StoreFactory;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Locale;

/**
 * {@code ociregistry verify}: reads the whole cache without a lock, so that a server may be running and read permission
 * is enough. With {@code --repair} it locks the cache.
 */
public record VerifyCommand(GivenOptions options) implements Action {
    private static final String VERIFYING = "verifying";

    @Override
    public int run(PrintStream out, PrintStream err) {
        try (var interrupts = ShutdownInterrupt.ofThisThread()) {
            // Without prefetch, or a repair would also complete the interrupted pulls of a server.
            var config = options.load().config().with(ServerKeys.PREFETCH, false);
            options.configureLogging(config);
            interrupts.check();
            return options.has(CliOption.REPAIR) ? repair(config, out, err) : verify(config, out, err);
        } catch (ConfigException e) {
            return CommandFailure.report(e, err);
        } catch (StartException e) {
            return CommandFailure.report(e, err);
        } catch (InterruptedException e) {
            err.println("ociregistry: verify interrupted; some files were not checked, and finished repairs are kept");
            return 1;
        }
    }

    private static int verify(ServerConfig config, PrintStream out, PrintStream err)
            throws StartException, InterruptedException {
        try (Store store = StoreFactory.openReadOnly(config)) {
            Verifier.Summary summary;
            try (var progress = TaskProgress.ofBytes(VERIFYING, err)) {
                summary = Verifier.of(store, problem -> progress.print(out, problem.toString()), progress::stepTo)
                        .verify();
            }
            out.println(line(summary));
            return summary.problems() == 0 ? 0 : 1;
        } catch (IOException e) {
            throw new StartException(
                    "cannot verify the image path " + config.imagePath() + ": " + CommandFailure.reason(e), e);
        }
    }

    private static int repair(ServerConfig config, PrintStream out, PrintStream err)
            throws StartException, InterruptedException {
        try {
            CacheRepair.Report report;
            try (var progress = TaskProgress.ofBytes(VERIFYING, err)) {
                report = CacheRepair.run(
                        config,
                        problem -> progress.print(out, problem.toString()),
                        progress::stepTo,
                        outcome -> progress.print(out, outcome.toString()));
            }
            out.println(line(report.summary()));
            long left = report.outcomes().stream()
                    .filter(outcome -> !outcome.isRepaired())
                    .count();
            return left == 0 ? 0 : 1;
        } catch (Store.InUseException e) {
            throw new StartException(
                    e.getMessage() + ". A running server repairs its cache itself; see cache.scrubRate", e);
        } catch (IOException e) {
            throw new StartException(
                    "cannot repair the image path " + config.imagePath() + ": " + CommandFailure.reason(e), e);
        }
    }

    private static String line(Verifier.Summary summary) {
        return String.format(
                        Locale.ROOT,
                        "%d manifests, %d blobs, %s: %s",
                        summary.manifests(),
                        summary.blobs(),
                        ByteSize.format(summary.bytes()),
                        switch ((int) Math.min(2, summary.problems())) {
                            case 0 -> "no problem";
                            case 1 -> "1 problem";
                            default -> summary.problems() + " problems";
                        })
                + recent(summary.recent());
    }

    private static String recent(long count) {
        return count == 0 ? "" : "; not judged yet, because written in the last minute: " + count;
    }
}
