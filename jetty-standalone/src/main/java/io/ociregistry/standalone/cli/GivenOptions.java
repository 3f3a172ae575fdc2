package io.ociregistry.standalone.cli;

import io.ociregistry.config.ConfigLoader;
import io.ociregistry.config.ConfigLocation;
import io.ociregistry.config.Overrides;
import io.ociregistry.config.ServerConfig;
import io.ociregistry.config.yaml.ConfigException;
import io.ociregistry.logging.Logging;
import io.ociregistry.standalone.jetty.StartException;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The options that were given, by value, and the whole line as it was typed. */
public record GivenOptions(Map<CliOption, String> given, List<String> line) {
    public GivenOptions {
        given = Map.copyOf(given);
        line = List.copyOf(line);
    }

    public Optional<String> get(CliOption flag) {
        return Optional.ofNullable(given.get(flag));
    }

    public boolean has(CliOption flag) {
        return get(flag).filter(value -> !value.equals("false")).isPresent();
    }

    /** The same for a switch that has a default. */
    public boolean has(CliOption flag, boolean fallback) {
        return get(flag).isPresent() ? has(flag) : fallback;
    }

    /** The option that names the configuration file. */
    CliOption configFlag() {
        return given.containsKey(CliOption.CONFIG_FILE) ? CliOption.CONFIG_FILE : CliOption.CONFIG_PATH;
    }

    /** The configuration that these options ask for. */
    public ConfigLoader.Result load() throws ConfigException {
        var flag = configFlag();
        return ConfigLocation.ofThisProcess().load(flag.toString(), get(flag), overrides());
    }

    /** Makes log lines go where the configuration says. */
    public void log(ServerConfig config) throws StartException {
        try {
            Logging.configure(config.logLevel(), config.logFile());
        } catch (IOException e) {
            throw new StartException(
                    "cannot write the log file " + config.logFile().orElseThrow() + ": " + CommandFailure.reason(e), e);
        }
    }

    Overrides overrides() {
        var overrides = Overrides.none();
        given.forEach((flag, value) -> flag.key().ifPresent(key -> overrides.put(key, flag.toString(), value)));
        return overrides;
    }
}
