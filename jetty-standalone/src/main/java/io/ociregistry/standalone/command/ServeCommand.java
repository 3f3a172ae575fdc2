package io.ociregistry.standalone.command;

import io.ociregistry.common.BuildInfo;
import io.ociregistry.common.UnusableFileException;
import io.ociregistry.config.ServerConfig;
import io.ociregistry.config.yaml.ConfigException;
import io.ociregistry.logging.Journal;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.registry.ConfigCheck;
import io.ociregistry.registry.RegistryContext;
import io.ociregistry.standalone.cli.Action;
import io.ociregistry.standalone.cli.CommandFailure;
import io.ociregistry.standalone.cli.GivenOptions;
import io.ociregistry.standalone.jetty.EmbeddedServer;
import io.ociregistry.standalone.jetty.ServerTls;
import io.ociregistry.standalone.jetty.StartException;
import io.ociregistry.web.admin.Reload;
import io.ociregistry.web.admin.ServerControl;
import java.io.IOException;
import java.io.PrintStream;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.util.List;
import java.util.Optional;

/** {@code ociregistry serve}: runs the server until a signal or the admin API stops it. */
public record ServeCommand(GivenOptions options) implements Action {
    private static final int MAX_LISTED = 20;

    @Override
    public int run(PrintStream out, PrintStream err) {
        try {
            var server = start(err);
            server.join();
            return 0;
        } catch (ConfigException e) {
            return CommandFailure.report(e, err);
        } catch (StartException e) {
            int status = CommandFailure.report(e, err);
            return e.getCause() instanceof UnusableFileException ? CommandFailure.CONFIG_EXIT_CODE : status;
        }
    }

    private EmbeddedServer start(PrintStream err) throws ConfigException, StartException {
        var loaded = options.load();
        var config = loaded.config();
        options.configureLogging(config);
        ConfigCheck.warnings(loaded).forEach(warning -> warn(err, warning));
        var context = open(config);
        context.startupWarning().ifPresent(warning -> warn(err, warning));
        try {
            context.startPreload();
            context.startScrub();
            var reload = new Reload(context, options::load);
            var server = EmbeddedServer.start(config, context, control(context, reload));
            if (!context.clientAccess().allowsAnonymous() && server.tls().isEmpty()) {
                warn(
                        err,
                        "the credentials of clients are sent unencrypted; set serverTlsConfig, or run a TLS proxy in"
                                + " front of this server");
            }
            Runtime.getRuntime().addShutdownHook(new Thread(() -> shutdown(server, context, err), "shutdown"));
            Signals.endAtOnceOnSecond(
                    () -> report(err, "stopped at once by a second signal", server.requestsInFlight()));
            Signals.onHangup(() -> reload(reload, serving(server), err));
            err.println(new Banner(
                            BuildInfo.read(),
                            OffsetDateTime.now(ZoneId.systemDefault()),
                            server.port(),
                            server.tls().map(ServerTls::description),
                            options.commandLine(),
                            config,
                            context.admin().token().description())
                    .text());
            ServiceManager.ready(serving(server));
            return server;
        } catch (StartException e) {
            context.close();
            throw e;
        }
    }

    private static ServerControl control(RegistryContext context, Reload reload) {
        // A thread of its own: the exit waits for the request that asked for it.
        Runnable stop = () -> new Thread(() -> Signals.exit(0), "stop").start();
        return new ServerControl(
                reload,
                Optional.of(stop),
                ServerControl.adminPort(context.config().admin().port()));
    }

    private static String serving(EmbeddedServer server) {
        return "serving on port " + server.port();
    }

    /** Prints the result, regardless of the log level: a signal has no other answer. */
    private static void reload(Reload reload, String serving, PrintStream err) {
        ServiceManager.reloading();
        try {
            reload.apply().text().lines().forEach(line -> err.println("ociregistry: reload: " + line));
            ServiceManager.ready(serving);
        } catch (RegistryException e) {
            err.println(Journal.ERROR.mark("ociregistry: reload: " + e.getMessage()));
            ServiceManager.ready(serving + "; the last reload failed: " + e.getMessage());
        }
    }

    private static void warn(PrintStream err, String warning) {
        err.println(Journal.WARNING.mark("ociregistry: warning: " + warning));
    }

    private static RegistryContext open(ServerConfig config) throws StartException {
        try {
            return RegistryContext.open(config);
        } catch (UnusableFileException e) {
            throw new StartException(e);
        } catch (IOException e) {
            throw new StartException(
                    "cannot use the image path " + config.imagePath() + ": " + CommandFailure.reason(e)
                            + ". To use another directory, set --image-path",
                    e);
        }
    }

    /** Stops the server, and halts with 0: after a signal the JVM would exit with 143, although the stop succeeded. */
    private static void shutdown(EmbeddedServer server, RegistryContext context, PrintStream err) {
        try {
            var limit = context.config().shutdownTimeout();
            int waiting = server.requestsInFlight().size();
            var status = waiting == 0
                    ? "stopping"
                    : "stopping: waiting up to " + limit.toSeconds() + " s for " + count(waiting) + " in flight";
            err.println("ociregistry: " + status + (waiting == 0 ? "" : "; a second signal stops at once"));
            ServiceManager.stopping(status);
            var aborted = server.stop(limit);
            context.close();
            report(err, "stopped", aborted);
        } finally {
            Runtime.getRuntime().halt(0);
        }
    }

    /** Prints the end of a stop, with the requests that it aborted. */
    private static void report(PrintStream err, String end, List<String> aborted) {
        if (aborted.isEmpty()) {
            err.println("ociregistry: " + end);
            return;
        }
        var text = new StringBuilder("ociregistry: " + end + "; it aborted " + count(aborted.size()) + ":");
        aborted.stream().limit(MAX_LISTED).forEach(request -> text.append("\n  ")
                .append(request));
        if (aborted.size() > MAX_LISTED) {
            text.append("\n  and ").append(aborted.size() - MAX_LISTED).append(" more");
        }
        err.println(Journal.WARNING.mark(text.toString()));
    }

    private static String count(int requests) {
        return requests == 1 ? "1 request" : requests + " requests";
    }
}
