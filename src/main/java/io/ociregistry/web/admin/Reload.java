package io.ociregistry.web.admin;

import io.ociregistry.config.ConfigLoader;
import io.ociregistry.config.ServerConfig;
import io.ociregistry.config.ServerKeys;
import io.ociregistry.config.yaml.ConfigException;
import io.ociregistry.config.yaml.Key;
import io.ociregistry.logging.Logging;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.registry.ConfigCheck;
import io.ociregistry.registry.RegistryContext;
import java.io.IOException;
import java.util.List;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reloads the configuration: applies the keys that can change at once, and reports the changed keys that need a
 * restart.
 *
 * <p>Requests and downloads in flight are not affected (ADR 30). The log file is opened again, so that log rotation can
 * rename it before. Files with certificates and credentials need no reload, because the server reads them again when
 * they change. Thread-safe; one reload runs at a time.
 */
public final class Reload {
    private static final Logger LOG = LoggerFactory.getLogger(Reload.class);

    private final RegistryContext context;
    private final Source source;

    /** Loads the current configuration. */
    @FunctionalInterface
    public interface Source {
        ConfigLoader.Result load() throws ConfigException;
    }

    /** Creates a reload of a running registry, whose current configuration counts as applied. */
    public Reload(RegistryContext context, Source source) {
        this.context = context;
        this.source = source;
    }

    /** The result: names of keys, and warnings about the configuration file. The admin API sends it as JSON. */
    public record Outcome(List<String> applied, List<String> needRestart, List<String> warnings) {
        /** Returns the result as lines of text. */
        public String text() {
            StringBuilder text = new StringBuilder();
            text.append("applied: ").append(names(applied)).append('\n');
            text.append("waiting for a restart: ").append(names(needRestart)).append('\n');
            warnings.forEach(warning -> text.append("warning: ").append(warning).append('\n'));
            return text.toString();
        }

        private static String names(List<String> keys) {
            return keys.isEmpty() ? "nothing" : String.join(", ", keys);
        }
    }

    /**
     * Reloads the configuration.
     *
     * @throws RegistryException {@link ErrorCode#REQUEST_INVALID} if the configuration is not valid; then nothing is
     *     changed
     */
    public synchronized Outcome apply() {
        try {
            Outcome outcome = load();
            context.metrics().maintenance().reloaded(true);
            return outcome;
        } catch (RegistryException e) {
            context.metrics().maintenance().reloaded(false);
            throw e;
        }
    }

    private Outcome load() {
        ConfigLoader.Result result = read();
        ServerConfig wanted = result.config();
        ServerConfig before = context.config();
        configureLog(before, wanted);
        context.reload(wanted);
        Outcome outcome = new Outcome(
                changed(before, wanted, Key::isReloadable),
                changed(before, wanted, key -> !key.isReloadable()),
                ConfigCheck.warnings(result));
        LOG.warn("configuration reloaded: applied {}, waiting for a restart {}", outcome.applied, outcome.needRestart);
        return outcome;
    }

    /** Opens the log file again even if no key changed. */
    private static void configureLog(ServerConfig before, ServerConfig wanted) {
        if (wanted.logFile().isEmpty() && before.logFile().isEmpty() && isSame(before, wanted)) {
            return;
        }
        try {
            Logging.configure(wanted);
        } catch (IOException e) {
            throw new RegistryException(
                    ErrorCode.REQUEST_INVALID,
                    "nothing was changed: the log file " + wanted.logFile().orElseThrow() + " can't be written: "
                            + e.getMessage(),
                    e);
        }
    }

    private static boolean isSame(ServerConfig before, ServerConfig wanted) {
        return before.logLevel() == wanted.logLevel()
                && before.logFormat() == wanted.logFormat()
                && !Logging.isLevelTemporary();
    }

    private ConfigLoader.Result read() {
        try {
            return source.load();
        } catch (ConfigException e) {
            throw new RegistryException(
                    ErrorCode.REQUEST_INVALID,
                    "nothing was changed, because the configuration can't be used:\n" + e.getMessage(),
                    e);
        }
    }

    private static List<String> changed(ServerConfig before, ServerConfig wanted, Predicate<Key<?>> condition) {
        return ServerKeys.ALL.stream()
                .filter(key -> !before.get(key).equals(wanted.get(key)))
                .filter(condition)
                .map(Key::name)
                .sorted()
                .toList();
    }
}
