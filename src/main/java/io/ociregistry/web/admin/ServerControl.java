package io.ociregistry.web.admin;

import io.ociregistry.config.ConfigLoader;
import io.ociregistry.registry.RegistryContext;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The controls of a server for its operator, which differ between the standalone server and a servlet container.
 *
 * @param reload reloads the configuration
 * @param stop stops the process after the current request; empty in a servlet container, which does that itself
 * @param adminPort the only port with the admin API; empty if every port has it
 */
public record ServerControl(Reload reload, Optional<Runnable> stop, OptionalInt adminPort) {
    /** Returns the controls of a server whose configuration never changes and that the admin API can't stop. */
    public static ServerControl fixed(RegistryContext context) {
        ConfigLoader.Result same = new ConfigLoader.Result(context.config(), List.of());
        return new ServerControl(
                new Reload(context, () -> same),
                Optional.empty(),
                adminPort(context.config().admin().port()));
    }

    /** Returns the port of a configuration, in which 0 means none. */
    public static OptionalInt adminPort(int port) {
        return port == 0 ? OptionalInt.empty() : OptionalInt.of(port);
    }
}
