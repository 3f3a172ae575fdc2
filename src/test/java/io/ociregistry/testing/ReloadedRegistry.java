package io.ociregistry.testing;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.ociregistry.config.ConfigLoader;
import io.ociregistry.config.Overrides;
import io.ociregistry.config.ServerConfig;
import io.ociregistry.registry.RegistryContext;
import io.ociregistry.standalone.jetty.EmbeddedServer;
import io.ociregistry.standalone.jetty.StartException;
import io.ociregistry.testing.RawHttp.Response;
import io.ociregistry.web.admin.Reload;
import io.ociregistry.web.admin.ServerControl;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import org.slf4j.LoggerFactory;

/** The real server in this JVM, with a configuration file that can be rewritten. */
public final class ReloadedRegistry implements AutoCloseable {
    private static final Logger ROOT = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);

    /** Starts the server of a registry. */
    @FunctionalInterface
    public interface Starter {
        EmbeddedServer start(ServerConfig config, RegistryContext context, ServerControl control) throws StartException;
    }

    /** The level before the test; other tests in this JVM log, too. */
    private final Level level = ROOT.getLevel();

    private final Path file;
    private final String fixed;
    private final RunningRegistry running;

    /**
     * Starts a server.
     *
     * @param dir the directory for the file and the cache
     */
    public ReloadedRegistry(String yaml, Path dir) throws Exception {
        this(yaml, dir, EmbeddedServer::start);
    }

    /** Starts a server in another way. */
    public ReloadedRegistry(String yaml, Path dir, Starter starter) throws Exception {
        this.file = dir.resolve("config.yaml");
        String logLevel = "logLevel: " + level.toString().toLowerCase(Locale.ROOT) + "\n";
        this.fixed = logLevel + "host: 127.0.0.1\nport: 0\nimagePath: '" + dir.resolve("images") + "'\n";
        write(yaml);
        Reload.Source source = () -> new ConfigLoader(name -> Optional.empty()).load(file, Overrides.none());
        this.running = RunningRegistry.start(
                logLevel + yaml,
                dir.resolve("images"),
                context -> starter.start(
                        context.config(),
                        context,
                        new ServerControl(new Reload(context, source), Optional.empty(), OptionalInt.empty())));
    }

    /** Rewrites the file and requests a reload. */
    public Response reload(String yaml) throws IOException {
        write(yaml);
        return operator().ask("POST", "/cmd/reload");
    }

    private void write(String yaml) throws IOException {
        Files.writeString(file, fixed + yaml);
    }

    /** Appends to the file. */
    public void append(String yaml) throws IOException {
        Files.writeString(file, yaml + "\n", StandardOpenOption.APPEND);
    }

    public Response get(String path) throws IOException {
        return RawHttp.get(running.base(), path);
    }

    /** Returns the operator of the server. */
    public Operator operator() throws IOException {
        return running.operator();
    }

    public URI base() {
        return running.base();
    }

    public Path imagePath() {
        return running.imagePath();
    }

    @Override
    public void close() {
        running.close();
        ROOT.setLevel(level);
    }
}
