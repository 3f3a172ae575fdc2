package io.ociregistry.web.admin;

import io.ociregistry.config.ConfigLoader;
import io.ociregistry.registry.RegistryContext;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a server lets its operator do to it, which depends on who runs it.
 *
 * @param reload reads its configuration again
 * @param stop ends the process, after the request that asks for it; empty where a container does that
 * @param adminPort the only port that has the admin API; empty if every port has it
 */
public record ServerControl(Reload reload, Optional<Runnable> stop, OptionalInt adminPort) {
    /** That of a server whose configuration never changes, and which only its owner can stop. */
    public static ServerControl none(RegistryContext context) {
        ConfigLoader.Result same = new ConfigLoader.Result(context.config(), List.of());
        return new ServerControl(
                new Reload(context, () -> same),
                Optional.empty(),
                adminPort(context.config().admin().port()));
    }

    /** As the configuration has it, where 0 is none. */
    public static OptionalInt adminPort(int port) {
        return port == 0 ? OptionalInt.empty() : OptionalInt.of(port);
    }
}
