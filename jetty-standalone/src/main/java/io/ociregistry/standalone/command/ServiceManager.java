package io.ociregistry.standalone.command;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reports the state of the server to systemd, if this process runs as a unit with {@code Type=notify}.
 *
 * <p>The program {@code systemd-notify} sends the state, because Java 17 has no datagram sockets of the Unix domain.
 * The unit therefore needs {@code NotifyAccess=all}.
 */
final class ServiceManager {
    private static final Logger LOG = LoggerFactory.getLogger(ServiceManager.class);
    private static final int TIMEOUT_SECONDS = 5;

    private ServiceManager() {}

    static void ready(String status) {
        send("READY=1", status(status));
    }

    static void reloading() {
        send("RELOADING=1", status("reloading the configuration"));
    }

    static void stopping(String status) {
        send("STOPPING=1", status(status));
    }

    private static String status(String text) {
        return "STATUS=" + text.lines().findFirst().orElse("");
    }

    private static void send(String... state) {
        if (!System.getenv().containsKey("NOTIFY_SOCKET")) {
            return;
        }
        List<String> command = new ArrayList<>(List.of("systemd-notify"));
        command.addAll(List.of(state));
        try {
            var process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
                process.destroyForcibly();
                LOG.error(
                        "systemd was not notified of {}: systemd-notify failed; set Type=simple in the unit", state[0]);
            }
        } catch (IOException e) {
            LOG.error("systemd was not notified of {}: {}; set Type=simple in the unit", state[0], e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
