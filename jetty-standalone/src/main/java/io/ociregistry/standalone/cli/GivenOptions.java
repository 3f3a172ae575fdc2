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

/**
 * The options of a command line.
 *
 * @param values the values of the options that were given
 * @param commandLine all arguments as they were typed
 */
public record GivenOptions(Map<CliOption, String> values, List<String> commandLine) {
    public GivenOptions {
        values = Map.copyOf(values);
        commandLine = List.copyOf(commandLine);
    }

    public Optional<String> get(CliOption option) {
        return Optional.ofNullable(values.get(option));
    }

    /** Whether an option was given, other than a switch with {@code =false}. */
    public boolean has(CliOption option) {
        return get(option).filter(value -> !value.equals("false")).isPresent();
    }

    /** Whether a switch is on; returns the fallback if it was not given. */
    public boolean has(CliOption option, boolean fallback) {
        return get(option).isPresent() ? has(option) : fallback;
    }

    /** The option that names the configuration file. */
    CliOption configOption() {
        return values.containsKey(CliOption.CONFIG_FILE) ? CliOption.CONFIG_FILE : CliOption.CONFIG_PATH;
    }

    /** Loads the configuration file, with these options in place of its values. */
    public ConfigLoader.Result load() throws ConfigException {
        var option = configOption();
        return ConfigLocation.ofThisProcess().load(option.toString(), get(option), overrides());
    }

    /** Applies the log level, format and file of the configuration. */
    public void configureLogging(ServerConfig config) throws StartException {
        try {
            Logging.configure(config);
        } catch (IOException e) {
            throw new StartException(
                    "cannot write the log file " + config.logFile().orElseThrow() + ": " + CommandFailure.reason(e), e);
        }
    }

    Overrides overrides() {
        var overrides = Overrides.none();
        values.forEach((option, value) -> option.key().ifPresent(key -> overrides.put(key, option.toString(), value)));
        return overrides;
    }
}
