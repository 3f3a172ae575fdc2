package io.ociregistry.standalone.command;

import io.ociregistry.config.ServerConfig;
import io.ociregistry.config.ServerKeys;
import io.ociregistry.config.yaml.ConfigException;
import io.ociregistry.registry.RegistryContext;
import io.ociregistry.registry.load.LoadListener;
import io.ociregistry.registry.load.LoadOptions;
import io.ociregistry.registry.load.LoadSummary;
import io.ociregistry.registry.load.list.LoadPlan;
import io.ociregistry.registry.load.list.PipeCopies;
import io.ociregistry.standalone.cli.Action;
import io.ociregistry.standalone.cli.CliOption;
import io.ociregistry.standalone.cli.CommandFailure;
import io.ociregistry.standalone.cli.GivenOptions;
import io.ociregistry.standalone.cli.TaskProgress;
import io.ociregistry.standalone.cli.UsageException;
import io.ociregistry.standalone.jetty.StartException;
import io.ociregistry.standalone.remote.RemoteLoad;
import io.ociregistry.standalone.remote.RemoteServer;
import io.ociregistry.store.Store;
import java.io.IOException;
import java.io.PrintStream;
import java.util.function.Function;

/**
 * {@code ociregistry load}: loads images into the cache. It locks the cache; with {@code --server} the server that uses
 * the cache loads the images.
 */
public record LoadCommand(GivenOptions options) implements Action {
    @Override
    public int run(PrintStream out, PrintStream err) {
        try (var pipes = new PipeCopies()) {
            var loaded = options.load();
            // Without prefetch, or the command would also complete the interrupted pulls of a server.
            var config = loaded.config().with(ServerKeys.PREFETCH, false);
            options.configureLogging(config);
            loaded.warnings().forEach(warning -> err.println("ociregistry: warning: " + warning));
            var plan = plan(config, pipes);
            var output = LoadOutput.of(options, out, err);
            var server = RemoteServer.of(options, config);
            if (server.isPresent()) {
                return exitCode(new RemoteLoad(server.get(), uploadProgress(err)).load(options, config, plan, output));
            }
            return load(config, plan, output, err);
        } catch (ConfigException e) {
            return CommandFailure.report(e, err);
        } catch (StartException | UsageException e) {
            return CommandFailure.report(e, err);
        }
    }

    private Function<String, TaskProgress> uploadProgress(PrintStream err) {
        return options.has(CliOption.JSON) || options.has(CliOption.QUIET)
                ? task -> TaskProgress.NONE
                : task -> TaskProgress.ofBytes(task, err);
    }

    private static int exitCode(LoadSummary summary) {
        return summary.isComplete() ? 0 : 1;
    }

    /** Reads the lists before the cache is opened, so that a mistyped name fails at once. */
    private static LoadPlan plan(ServerConfig config, PipeCopies pipes) throws UsageException, StartException {
        var files = config.imageFile()
                .orElseThrow(() -> new UsageException("load needs --image-file FILE, an image list or an archive"));
        try {
            var plan = LoadPlan.of(files, pipes);
            if (plan.lines().isEmpty() && plan.archives().isEmpty()) {
                throw new StartException("nothing to load: " + files + " lists no image");
            }
            return plan;
        } catch (IOException e) {
            throw new StartException("cannot load images: " + CommandFailure.reason(e), e);
        }
    }

    /** Loads until the end or until a signal, which ends the process after the downloaded bytes are saved. */
    private static int load(ServerConfig config, LoadPlan plan, LoadListener output, PrintStream err)
            throws StartException {
        try (var interrupts = ShutdownInterrupt.ofThisThread();
                var context = open(config)) {
            return load(context, plan, output, err, interrupts);
        }
    }

    private static int load(
            RegistryContext context,
            LoadPlan plan,
            LoadListener output,
            PrintStream err,
            ShutdownInterrupt interrupts) {
        try {
            interrupts.check();
            var summary = context.loader().load(plan, LoadOptions.of(context.config()), output);
            return exitCode(summary);
        } catch (InterruptedException e) {
            err.println("ociregistry: load interrupted; the downloaded bytes are kept, and the same command resumes");
            return 1;
        }
    }

    private static RegistryContext open(ServerConfig config) throws StartException {
        RegistryContext context;
        try {
            context = RegistryContext.openForCommand(config);
        } catch (Store.InUseException e) {
            throw new StartException(e.getMessage() + ". To load through the server, set --server URL", e);
        } catch (IOException e) {
            throw new StartException(
                    "cannot use the image path " + config.imagePath() + ": " + CommandFailure.reason(e)
                            + ". To use another directory, set --image-path",
                    e);
        }
        var warning = context.startupWarning();
        if (warning.isPresent()) {
            context.close();
            throw new StartException("cannot load images: " + warning.get());
        }
        return context;
    }
}
