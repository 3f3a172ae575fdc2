package io.ociregistry.standalone.command;

import io.ociregistry.config.ServerConfig;
import io.ociregistry.config.yaml.ConfigException;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.registry.prune.PruneReport;
import io.ociregistry.registry.prune.PruneRequest;
import io.ociregistry.registry.prune.Pruner;
import io.ociregistry.standalone.cli.Action;
import io.ociregistry.standalone.cli.CommandFailure;
import io.ociregistry.standalone.cli.GivenOptions;
import io.ociregistry.standalone.cli.PruneOptions;
import io.ociregistry.standalone.cli.TaskProgress;
import io.ociregistry.standalone.cli.UsageException;
import io.ociregistry.standalone.jetty.StartException;
import io.ociregistry.standalone.remote.RemotePrune;
import io.ociregistry.standalone.remote.RemoteServer;
import io.ociregistry.store.Store;
import io.ociregistry.store.factory.StoreFactory;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.time.Instant;

/**
 * {@code ociregistry prune}: removes images from the cache. It locks the cache; with {@code --server} the server that
 * uses the cache prunes it.
 */
public record PruneCommand(GivenOptions options) implements Action {
    @Override
    public int run(PrintStream out, PrintStream err) {
        try {
            PruneRequest request = new PruneOptions(options, Instant.now()).request();
            ServerConfig config = options.load().config();
            options.configureLogging(config);
            var server = RemoteServer.of(options, config);
            if (server.isPresent()) {
                // Ages are relative to the clock of the server, which dated the records.
                PruneRequest remote = new PruneOptions(options, server.get().now()).request();
                new RemotePrune(server.get()).prune(remote).lines().forEach(out::println);
            } else {
                prune(request, config, out, err);
            }
            return 0;
        } catch (ConfigException e) {
            return CommandFailure.report(e, err);
        } catch (StartException | UsageException | RegistryException e) {
            return CommandFailure.report(e, err);
        }
    }

    private static void prune(PruneRequest request, ServerConfig config, PrintStream out, PrintStream err)
            throws StartException {
        try {
            pruneUnshared(request, config, err).lines().forEach(out::println);
        } catch (Store.InUseException e) {
            throw new StartException(e.getMessage() + ". To prune through the server, set --server URL", e);
        } catch (IOException e) {
            throw new StartException(
                    "cannot prune the image path " + config.imagePath() + ": " + CommandFailure.reason(e), e);
        }
    }

    private static PruneReport pruneUnshared(PruneRequest request, ServerConfig config, PrintStream err)
            throws IOException {
        if (!Files.isDirectory(config.imagePath())) {
            throw new IOException("there is no cache in " + config.imagePath());
        }
        try (Store store = StoreFactory.openForCommand(config, "ociregistry prune")) {
            var readOnly = store.status().warning();
            if (readOnly.isPresent() && !request.dryRun()) {
                throw new IOException("it is read-only: " + readOnly.get());
            }
            try (var progress = TaskProgress.ofSteps("pruning", err)) {
                return Pruner.of(store, config).prune(request, progress::stepTo);
            }
        }
    }
}
