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
import io.ociregistry.standalone.cli.TimeParser;
import io.ociregistry.standalone.cli.UsageException;
import io.ociregistry.standalone.jetty.StartException;
import io.ociregistry.store.disk.StoreAccess;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneId;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** {@code ociregistry export}: reads the disk and takes no lock, so that it works beside the server, and for whoever may read. */
public record ExportCommand(GivenOptions settings) implements Action {
    private static final String STANDARD_OUTPUT = "-";

    @Override
    public int run(PrintStream out, PrintStream err) {
        try {
            var config = settings.load().config();
            settings.log(config);
            var target = settings.get(CliOption.OUTPUT_FILE)
                    .filter(file -> !file.isEmpty())
                    .orElseThrow(() -> new UsageException(
                            "export needs to know where to: --output FILE.tar, or - for standard output"));
            return export(config, request(), target, out, err);
        } catch (ConfigException e) {
            return CommandFailure.of(e, err);
        } catch (StartException | UsageException | RegistryException e) {
            return CommandFailure.of(e, err);
        }
    }

    private ExportRequest request() throws UsageException, StartException {
        Optional<Instant> since = Optional.empty();
        if (settings.get(CliOption.SINCE).isPresent()) {
            since = Optional.of(TimeParser.parse(settings.get(CliOption.SINCE).get(), ZoneId.systemDefault()));
        }
        Set<Digest> have = Set.of();
        if (settings.get(CliOption.EXCLUDE_FROM).isPresent()) {
            have = DigestList.read(settings.get(CliOption.EXCLUDE_FROM).get());
        }
        return new ExportRequest(
                settings.get(CliOption.PATTERN).map(ReferencePatterns::parse).orElse(ReferencePatterns.ALL),
                settings.get(CliOption.EXPORT_PLATFORM).map(Platforms::parse).orElse(Platforms.ALL),
                since,
                have,
                settings.has(CliOption.COMPLETE_ONLY));
    }

    private static int export(
            ServerConfig config, ExportRequest request, String target, PrintStream out, PrintStream err)
            throws StartException {
        try (var access = StoreAccess.openToRead(config.imagePath())) {
            var plan = CacheExport.of(access, config).plan(request);
            plan.problems().forEach(problem -> err.println("ociregistry: left out " + problem));
            if (plan.names() == 0) {
                err.println("ociregistry: nothing was exported: no image that is cached whole matches");
                return 1;
            }
            write(plan, target, out);
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
                throw new IOException("not all of it was taken");
            }
        } else {
            plan.writeTo(Path.of(target));
        }
    }

    private static String summary(ExportPlan plan, String target) {
        return String.format(
                Locale.ROOT,
                "exported %d names, %d blobs of %s%s",
                plan.names(),
                plan.blobs(),
                ByteSize.format(plan.bytes()),
                target.equals(STANDARD_OUTPUT) ? "" : ", to " + target);
    }
}
