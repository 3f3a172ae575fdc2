package io.ociregistry.standalone.command;

import io.ociregistry.common.ByteSize;
import io.ociregistry.config.ServerConfig;
import io.ociregistry.config.yaml.ConfigException;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.Platforms;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.registry.archives.CacheExport;
import io.ociregistry.registry.archives.ExportPlan;
import io.ociregistry.registry.archives.ExportRequest;
import io.ociregistry.registry.policy.ReferencePatterns;
import io.ociregistry.standalone.cli.Action;
import io.ociregistry.standalone.cli.CliOption;
import io.ociregistry.standalone.cli.CommandFailure;
import io.ociregistry.standalone.cli.DigestList;
import io.ociregistry.standalone.cli.GivenOptions;
import io.ociregistry.standalone.cli.TaskProgress;
import io.ociregistry.standalone.cli.Terminal;
import io.ociregistry.standalone.cli.TimeParser;
import io.ociregistry.standalone.cli.UsageException;
import io.ociregistry.standalone.jetty.StartException;
import io.ociregistry.store.Store;
import io.ociregistry.store.factory.StoreFactory;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneId;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * {@code ociregistry export}: reads the cache without a lock, so that a server may be running and read permission is
 * enough.
 */
public record ExportCommand(GivenOptions options) implements Action {
    private static final String STANDARD_OUTPUT = "-";

    @Override
    public int run(PrintStream out, PrintStream err) {
        try {
            var config = options.load().config();
            options.configureLogging(config);
            var target = options.get(CliOption.OUTPUT_FILE)
                    .filter(file -> !file.isEmpty())
                    .orElseThrow(() ->
                            new UsageException("export needs --output FILE.tar, or --output - for standard output"));
            if (target.equals(STANDARD_OUTPUT) && Terminal.isStandardOutput()) {
                throw new UsageException(
                        "--output - would write a tar archive to the terminal; redirect it to a file or"
                                + " a program, or use --output FILE.tar");
            }
            return export(config, request(), target, out, err);
        } catch (ConfigException e) {
            return CommandFailure.report(e, err);
        } catch (StartException | UsageException | RegistryException e) {
            return CommandFailure.report(e, err);
        }
    }

    private ExportRequest request() throws UsageException, StartException {
        Optional<Instant> since = Optional.empty();
        if (options.get(CliOption.SINCE).isPresent()) {
            since = Optional.of(TimeParser.parse(options.get(CliOption.SINCE).get(), ZoneId.systemDefault()));
        }
        Set<Digest> have = Set.of();
        if (options.get(CliOption.EXCLUDE_FROM).isPresent()) {
            have = DigestList.read(options.get(CliOption.EXCLUDE_FROM).get());
        }
        return new ExportRequest(
                options.get(CliOption.PATTERN).map(ReferencePatterns::parse).orElse(ReferencePatterns.ALL),
                options.get(CliOption.EXPORT_PLATFORM).map(Platforms::parse).orElse(Platforms.ALL),
                since,
                have,
                options.has(CliOption.COMPLETE_ONLY));
    }

    private static int export(
            ServerConfig config, ExportRequest request, String target, PrintStream out, PrintStream err)
            throws StartException {
        try (Store store = StoreFactory.openReadOnly(config)) {
            var plan = CacheExport.of(store).plan(request);
            plan.problems().forEach(problem -> err.println("ociregistry: not exported: " + problem));
            if (plan.nameCount() == 0) {
                err.println("ociregistry: nothing was exported: no completely cached image matches");
                return 1;
            }
            try (var progress = TaskProgress.ofBytes("exporting", err)) {
                plan.setProgress(progress::stepTo);
                write(plan, target, out);
            }
            err.println(summary(plan, target));
            return plan.problems().isEmpty() ? 0 : 1;
        } catch (IOException e) {
            throw new StartException(
                    "cannot export " + config.imagePath() + " to " + target + ": " + CommandFailure.reason(e), e);
        }
    }

    private static void write(ExportPlan plan, String target, PrintStream out) throws IOException {
        if (target.equals(STANDARD_OUTPUT)) {
            plan.writeTo(out);
            if (out.checkError()) {
                throw new IOException("standard output was closed before the end");
            }
        } else {
            plan.writeTo(Path.of(target));
        }
    }

    private static String summary(ExportPlan plan, String target) {
        return String.format(
                Locale.ROOT,
                "exported %d names, %d blobs of %s%s",
                plan.nameCount(),
                plan.blobCount(),
                ByteSize.format(plan.byteCount()),
                target.equals(STANDARD_OUTPUT) ? "" : ", to " + target);
    }
}
