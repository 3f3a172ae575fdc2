package io.ociregistry.web;

import io.ociregistry.config.ConfigException;
import io.ociregistry.config.ConfigLoader;
import io.ociregistry.config.Key;
import io.ociregistry.config.ServerConfig;
import io.ociregistry.config.ServerKeys;
import io.ociregistry.logging.Logging;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the configuration again and applies what can be applied at once: {@code logLevel} and {@code logFile}, which is opened anew, so that it can
 * have been moved away. Tells which other keys changed and wait for a restart. Files that the configuration names, with certificates and
 * credentials, need none of this; they are read again when they change.
 */
final class AdminReload implements AdminRoute.Endpoint {
    private static final Logger LOG = LoggerFactory.getLogger(AdminReload.class);
    private static final Set<Key<?>> AT_ONCE = Set.of(ServerKeys.LOG_LEVEL, ServerKeys.LOG_FILE);

    private final ServerConfig running;
    private final ServerControl.ConfigSource source;
    /** Guarded by "this". */
    private ServerConfig applied;

    AdminReload(ServerConfig running, ServerControl.ConfigSource source) {
        this.running = running;
        this.source = source;
        this.applied = running;
    }

    /** What came of it: names of keys, and what is to be said of the file. */
    record Outcome(List<String> applied, List<String> needRestart, List<String> warnings) {}

    @Override
    public void answer(HttpServletRequest request, HttpServletResponse response) throws IOException {
        Outcome outcome = reload();
        LOG.warn(
                "configuration read again: applied {}, waiting for a restart {}", outcome.applied, outcome.needRestart);
        AdminAnswer form = AdminAnswer.to(request);
        form.send(request, response, form.bytes(outcome, AdminReload::text));
    }

    private synchronized Outcome reload() {
        ConfigLoader.Result result = read();
        ServerConfig now = result.config();
        try {
            Logging.configure(now.logLevel(), now.logFile());
        } catch (IOException e) {
            throw new RegistryException(
                    ErrorCode.REQUEST_INVALID,
                    "nothing was changed: the log file " + now.logFile().orElseThrow() + " can't be written: "
                            + e.getMessage(),
                    e);
        }
        Outcome outcome = new Outcome(
                changed(applied, now, AT_ONCE.stream().toList()),
                changed(
                        running,
                        now,
                        ServerKeys.ALL.stream()
                                .filter(key -> !AT_ONCE.contains(key))
                                .toList()),
                result.warnings());
        applied = now;
        return outcome;
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

    private static List<String> changed(ServerConfig before, ServerConfig now, List<Key<?>> keys) {
        return keys.stream()
                .filter(key -> !before.get(key).equals(now.get(key)))
                .map(Key::name)
                .sorted()
                .toList();
    }

    private static String text(Outcome outcome) {
        StringBuilder text = new StringBuilder();
        text.append("applied: ").append(names(outcome.applied)).append('\n');
        text.append("waiting for a restart: ")
                .append(names(outcome.needRestart))
                .append('\n');
        outcome.warnings.forEach(
                warning -> text.append("warning: ").append(warning).append('\n'));
        return text.toString();
    }

    private static String names(List<String> keys) {
        return keys.isEmpty() ? "nothing" : String.join(", ", keys);
    }
}
