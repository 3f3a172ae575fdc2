package io.ociregistry.standalone.command;

import io.ociregistry.config.address.HostPort;
import io.ociregistry.hosts.HostsDirectory;
import io.ociregistry.hosts.HostsToml;
import io.ociregistry.standalone.cli.Action;
import io.ociregistry.standalone.cli.CliOption;
import io.ociregistry.standalone.cli.CommandFailure;
import io.ociregistry.standalone.cli.GivenOptions;
import io.ociregistry.standalone.cli.UsageException;
import io.ociregistry.standalone.jetty.StartException;
import io.ociregistry.standalone.remote.RemoteServer;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * {@code ociregistry hosts}: writes the files by which the containerd of this machine pulls through a server, after the
 * server has answered that it is ready. With {@code --remove} it removes them. It reads no configuration.
 */
public record HostsCommand(GivenOptions options) implements Action {
    private static final String DEFAULT_DIRECTORY = "/etc/containerd/certs.d";

    @Override
    public int run(PrintStream out, PrintStream err) {
        var root = Path.of(options.get(CliOption.DIR).orElse(DEFAULT_DIRECTORY)).toAbsolutePath();
        try {
            var directory = new HostsDirectory(root);
            var lines = options.has(CliOption.REMOVE) ? remove(directory) : write(directory);
            lines.forEach(out::println);
            return 0;
        } catch (HostsDirectory.ForeignFileException | StartException | UsageException | IllegalArgumentException e) {
            return CommandFailure.report(e, err);
        } catch (IOException e) {
            var failure = "cannot use the directory " + root + ": " + CommandFailure.reason(e);
            return CommandFailure.report(new StartException(failure, e), err);
        }
    }

    private List<String> write(HostsDirectory directory) throws IOException, StartException, UsageException {
        var server = options.get(CliOption.HOSTS_SERVER)
                .orElseThrow(() -> new UsageException("hosts needs the server that nodes pull from; add "
                        + CliOption.HOSTS_SERVER + " URL, or " + CliOption.REMOVE));
        var ca = options.get(CliOption.CA)
                .map(file -> Path.of(file).toAbsolutePath().normalize().toString());
        var files = registries()
                .map(names -> names.stream()
                        .map(name -> HostsToml.of(server, Optional.of(name), ca))
                        .toList())
                .orElseGet(() -> List.of(HostsToml.of(server, Optional.empty(), ca)));
        RemoteServer.checkReady(server, CliOption.CA, options);
        return directory.write(files);
    }

    private List<String> remove(HostsDirectory directory) throws IOException {
        var names = registries().isPresent() ? registries().get() : directory.registries();
        return names.isEmpty() ? List.of("nothing to remove: " + directory.root()) : directory.remove(names);
    }

    /** The names of {@code --registry}, in the spelling of containerd's directories. */
    private Optional<List<String>> registries() {
        return options.get(CliOption.REGISTRY).map(names -> Stream.of(names.split(",", -1))
                .map(String::strip)
                .map(HostPort::parse)
                .distinct()
                .toList());
    }
}
