package io.ociregistry.testing;

import io.ociregistry.config.ConfigLoader;
import io.ociregistry.config.Overrides;
import io.ociregistry.config.ServerConfig;
import io.ociregistry.config.yaml.ConfigException;
import io.ociregistry.registry.RegistryContext;
import io.ociregistry.standalone.jetty.EmbeddedServer;
import io.ociregistry.standalone.jetty.StartException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** The real server in this JVM, on a free port of loopback. It can be stopped and restarted on its directory. */
public final class RunningRegistry implements AutoCloseable {
    /** Opens the registry behind the server. */
    @FunctionalInterface
    public interface Opening {
        RegistryContext open(ServerConfig config) throws IOException;
    }

    /** Starts the server of an open registry. */
    @FunctionalInterface
    public interface Starter {
        EmbeddedServer start(RegistryContext context) throws StartException;
    }

    private final ServerConfig config;
    private final Opening opening;
    private final Starter starter;
    private RegistryContext context;
    private EmbeddedServer server;

    private RunningRegistry(ServerConfig config, Opening opening, Starter starter) throws IOException, StartException {
        this.config = config;
        this.opening = opening;
        this.starter = starter;
        context = opening.open(config);
        server = starter.start(context);
    }

    /**
     * Starts a server.
     *
     * @param yaml the configuration without the cache directory, the host and the port
     * @param imagePath the cache directory
     */
    public static RunningRegistry start(String yaml, Path imagePath)
            throws IOException, StartException, ConfigException {
        return new RunningRegistry(configuration(yaml, imagePath), RegistryContext::open, RunningRegistry::serve);
    }

    /** Starts a server in another way. */
    public static RunningRegistry start(String yaml, Path imagePath, Starter starter)
            throws IOException, StartException, ConfigException {
        return new RunningRegistry(configuration(yaml, imagePath), RegistryContext::open, starter);
    }

    /** Starts a server with a part of the registry replaced. */
    public static RunningRegistry startOpened(String yaml, Path imagePath, Opening opening)
            throws IOException, StartException, ConfigException {
        return new RunningRegistry(configuration(yaml, imagePath), opening, RunningRegistry::serve);
    }

    private static EmbeddedServer serve(RegistryContext context) throws StartException {
        return EmbeddedServer.start(context.config(), context);
    }

    private static ServerConfig configuration(String yaml, Path imagePath) throws ConfigException {
        String text = "host: 127.0.0.1\nport: 0\nimagePath: '" + imagePath + "'\n" + yaml;
        ConfigLoader loader = new ConfigLoader(variable -> Optional.empty());
        return loader.parse(text, "test.yaml", Overrides.none()).config();
    }

    /** Returns the URL; a restart changes the port. */
    public URI base() {
        return URI.create("http://127.0.0.1:" + server.port());
    }

    public Path imagePath() {
        return config.imagePath();
    }

    public RegistryContext context() {
        return context;
    }

    /**
     * Waits until no download is in flight. A client has the whole blob shortly before its download ends, and a
     * request in that time joins the download.
     */
    public void awaitDownloads() throws Exception {
        Await.until("no download in flight", () -> context.admin()
                .status()
                .toCompletableFuture()
                .join()
                .downloads()
                .isEmpty());
    }

    /** Returns an operator with the configured token, or with the token that the server made. */
    public Operator operator() throws IOException {
        return config.admin().token().isPresent()
                ? new Operator(base(), config.admin().token().get().reveal())
                : Operator.of(base(), imagePath());
    }

    /** Stops the server and starts it again, as a new process would. */
    public void restart() throws IOException, StartException {
        close();
        context = opening.open(config);
        server = starter.start(context);
    }

    /** Waits up to this time for requests in flight; the caller must close the server afterwards. */
    public void stop(Duration drain) {
        server.stop(drain);
    }

    /** Aborts requests in flight. */
    @Override
    public void close() {
        server.stop(Duration.ZERO);
        context.close();
    }
}
