package io.ociregistry.standalone.command;

import io.ociregistry.config.ServerConfig;
import io.ociregistry.config.ServerKeys;
import io.ociregistry.config.yaml.ConfigException;
import io.ociregistry.registry.RegistryContext;
import io.ociregistry.registry.load.LoadListener;
import io.ociregistry.registry.load.LoadOptions;
import io.ociregistry.registry.load.LoadSummary;
import io.ociregistry.registry.load.list.LoadPlan;
import io.ociregistry.standalone.cli.Action;
import io.ociregistry.standalone.cli.CommandFailure;
import io.ociregistry.standalone.cli.GivenOptions;
import io.ociregistry.standalone.cli.UsageException;
import io.ociregistry.standalone.jetty.StartException;
import io.ociregistry.standalone.remote.RemoteLoad;
import io.ociregistry.standalone.remote.RemoteServer;
import io.ociregistry.store.disk.StoreLock;
import java.io.IOException;
import java.io.PrintStream;

/** {@code ociregistry load}: brings images into the cache and ends. A server that runs on it has to do it itself. */
public record LoadCommand(GivenOptions settings) implements Action {
    @Override
    public int run(PrintStream out, PrintStream err) {
        try {
            var loaded = settings.load();
            // What an earlier pull began is not what this was asked for.
            var config = loaded.config().with(ServerKeys.PREFETCH, false);
            settings.log(config);
            loaded.warnings().forEach(warning -> err.println("ociregistry: warning: " + warning));
            var plan = plan(config);
            var output = LoadOutput.of(settings, out, err);
            var server = RemoteServer.of(settings, config);
            if (server.isPresent()) {
                return exitCode(new RemoteLoad(server.get()).load(settings, config, plan, output));
            }
            return load(config, plan, output, err);
        } catch (ConfigException e) {
            return CommandFailure.of(e, err);
        } catch (StartException | UsageException e) {
            return CommandFailure.of(e, err);
        }
    }

    private static int exitCode(LoadSummary summary) {
        return summary.isComplete() ? 0 : 1;
    }

    /** Before anything is opened: a name that is mistyped costs nothing. */
    private static LoadPlan plan(ServerConfig config) throws UsageException, StartException {
        var files = config.imageFile()
                .orElseThrow(() -> new UsageException("load needs a file that says what: --image-file FILE"));
        try {
            var plan = LoadPlan.of(files);
            if (plan.lines().isEmpty() && plan.archives().isEmpty()) {
                throw new StartException("there is nothing to load: " + files + " lists no image");
            }
            return plan;
        } catch (IOException e) {
            throw new StartException("cannot load images: " + CommandFailure.reason(e), e);
        }
    }

    /** Until its end, or until the process is told to end: then what has arrived is kept before it does. */
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
            err.println("ociregistry: interrupted; what has arrived is kept, and the same command goes on from there");
            return 1;
        }
    }

    private static RegistryContext open(ServerConfig config) throws StartException {
        RegistryContext context;
        try {
            context = RegistryContext.openForCommand(config);
        } catch (StoreLock.HeldException e) {
            throw new StartException(e.getMessage() + ", or let the server that has it load them: --server URL", e);
        } catch (IOException e) {
            throw new StartException(
                    "cannot use the image path " + config.imagePath() + ": " + CommandFailure.reason(e)
                            + "; or choose another with --image-path",
                    e);
        }
        var readOnly = context.warning();
        if (readOnly.isPresent()) {
            context.close();
            throw new StartException("nothing can be loaded: " + readOnly.get());
        }
        return context;
    }
}
