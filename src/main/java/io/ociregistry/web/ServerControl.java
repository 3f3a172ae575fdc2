package io.ociregistry.web;

import io.ociregistry.config.ConfigException;
import io.ociregistry.config.ConfigLoader;
import io.ociregistry.config.ServerConfig;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a server lets its operator do to it, which depends on who runs it.
 *
 * @param configuration where it has its configuration from
 * @param stop ends the process, after the request that asks for it; empty where a container does that
 * @param adminPort the only port that has the admin API; empty if every port has it
 */
public record ServerControl(ConfigSource configuration, Optional<Runnable> stop, OptionalInt adminPort) {
    /** Reads the configuration as it is now. */
    @FunctionalInterface
    public interface ConfigSource {
        ConfigLoader.Result load() throws ConfigException;
    }

    /** That of a server whose configuration never changes, and which only its owner can stop. */
    public static ServerControl none(ServerConfig config) {
        return new ServerControl(
                () -> new ConfigLoader.Result(config, List.of()),
                Optional.empty(),
                adminPort(config.admin().port()));
    }

    /** As the configuration has it, where 0 is none. */
    public static OptionalInt adminPort(int port) {
        return port == 0 ? OptionalInt.empty() : OptionalInt.of(port);
    }
}
