package io.ociregistry.standalone.command;

import io.ociregistry.config.ServerConfig;
import io.ociregistry.config.model.ListConfig;
import io.ociregistry.config.yaml.ConfigException;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.registry.admin.CacheContents;
import io.ociregistry.registry.policy.ReferencePatterns;
import io.ociregistry.standalone.cli.Action;
import io.ociregistry.standalone.cli.CliOption;
import io.ociregistry.standalone.cli.CommandFailure;
import io.ociregistry.standalone.cli.GivenOptions;
import io.ociregistry.standalone.cli.UsageException;
import io.ociregistry.standalone.jetty.StartException;
import io.ociregistry.standalone.remote.RemoteServer;
import io.ociregistry.store.Store;
import io.ociregistry.store.factory.StoreFactory;
import java.io.IOException;
import java.io.PrintStream;

/**
 * {@code ociregistry list}: reads the cache without a lock, so that a server may be running and read permission is
 * enough. With {@code --server} it asks the server instead.
 */
public record ListCommand(GivenOptions options) implements Action {
    @Override
    public int run(PrintStream out, PrintStream err) {
        try {
            var config = options.load().config();
            options.configureLogging(config);
            var printer = ListPrinter.of(options, config.listConfig());
            var patterns = patterns(config.listConfig());
            var server = RemoteServer.of(options, config);
            if (server.isPresent()) {
                new RemoteList(server.get()).print(options, patterns, printer, out, err);
            } else {
                print(config, patterns, printer, out);
            }
            return 0;
        } catch (ConfigException e) {
            return CommandFailure.report(e, err);
        } catch (StartException | UsageException | RegistryException e) {
            return CommandFailure.report(e, err);
        }
    }

    private ReferencePatterns patterns(ListConfig config) {
        return options.get(CliOption.PATTERN)
                .or(config::expr)
                .map(ReferencePatterns::parse)
                .orElse(ReferencePatterns.ALL);
    }

    private void print(ServerConfig config, ReferencePatterns patterns, ListPrinter printer, PrintStream out)
            throws StartException {
        try (Store store = StoreFactory.openReadOnly(config)) {
            var contents = CacheContents.of(store);
            if (options.has(CliOption.DIGESTS)) {
                contents.digests(patterns).forEach(out::println);
            } else {
                printer.print(contents.images(patterns), out);
            }
        } catch (IOException e) {
            throw new StartException(
                    "cannot list the image path " + config.imagePath() + ": " + CommandFailure.reason(e), e);
        }
    }
}
