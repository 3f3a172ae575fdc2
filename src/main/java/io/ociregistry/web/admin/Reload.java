package io.ociregistry.web.admin;

import io.ociregistry.config.ConfigLoader;
import io.ociregistry.config.ServerConfig;
import io.ociregistry.config.ServerKeys;
import io.ociregistry.config.yaml.ConfigException;
import io.ociregistry.config.yaml.Key;
import io.ociregistry.logging.Logging;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.registry.RegistryContext;
import java.io.IOException;
import java.util.List;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the configuration again and applies what can be applied at once; tells which other keys changed and wait for a restart. Nothing that is
 * under way is touched. The log file is opened anew, so that it can have been moved away. Files that the configuration names, with certificates
 * and credentials, need none of this; they are read again when they change.
 */
public final class Reload {
    private static final Logger LOG = LoggerFactory.getLogger(Reload.class);
    private static final List<Key<?>> LOGGED = List.of(ServerKeys.LOG_LEVEL, ServerKeys.LOG_FILE);

    private final RegistryContext context;
    private final Source source;
    /** What was applied of the keys of the log. Guarded by "this". */
    private ServerConfig logged;

    /** Reads the configuration as it is now. */
    @FunctionalInterface
    public interface Source {
        ConfigLoader.Result load() throws ConfigException;
    }

    /** Of a registry that runs with what its configuration was. */
    public Reload(RegistryContext context, Source source) {
        this.context = context;
        this.source = source;
        this.logged = context.config();
    }

    /** What came of it: names of keys, and what is to be said of the file. */
    public record Outcome(List<String> applied, List<String> needRestart, List<String> warnings) {
        /** As lines. */
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
     * Does it. One at a time.
     *
     * @throws RegistryException {@link ErrorCode#REQUEST_INVALID} if the configuration can't be used: then nothing is changed
     */
    public synchronized Outcome apply() {
        ConfigLoader.Result result = read();
        ServerConfig wanted = result.config();
        log(wanted);
        ServerConfig before = context.config();
        context.reload(wanted);
        Outcome outcome = new Outcome(
                changed(key -> LOGGED.contains(key) ? differs(key, logged, wanted) : applies(key, before, wanted)),
                changed(key -> !LOGGED.contains(key) && differs(key, context.config(), wanted)),
                result.warnings());
        logged = wanted;
        LOG.warn(
                "configuration read again: applied {}, waiting for a restart {}", outcome.applied, outcome.needRestart);
        return outcome;
    }

    private void log(ServerConfig wanted) {
        if (wanted.logFile().isEmpty() && LOGGED.stream().noneMatch(key -> differs(key, logged, wanted))) {
            return;
        }
        try {
            Logging.configure(wanted.logLevel(), wanted.logFile());
        } catch (IOException e) {
            throw new RegistryException(
                    ErrorCode.REQUEST_INVALID,
                    "nothing was changed: the log file " + wanted.logFile().orElseThrow() + " can't be written: "
                            + e.getMessage(),
                    e);
        }
    }

    private ConfigLoader.Result read() {
        try {
            return source.load();
        } catch (ConfigException e) {
            throw new RegistryException(
                    ErrorCode.REQUEST_INVALID,
                    "nothing was changed, since the configuration can't be used:\n" + e.getMessage(),
                    e);
        }
    }

    private static boolean applies(Key<?> key, ServerConfig before, ServerConfig wanted) {
        return RegistryContext.reloads(key) && differs(key, before, wanted);
    }

    private static boolean differs(Key<?> key, ServerConfig one, ServerConfig other) {
        return !one.get(key).equals(other.get(key));
    }

    private static List<String> changed(Predicate<Key<?>> how) {
        return ServerKeys.ALL.stream().filter(how).map(Key::name).sorted().toList();
    }
}
