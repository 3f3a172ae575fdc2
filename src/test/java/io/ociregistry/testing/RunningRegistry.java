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

/** The real server in this JVM, on a free port of loopback. Can be stopped and started again on what is on its disk. */
public final class RunningRegistry implements AutoCloseable {
    /** How the product behind the server is opened. */
    @FunctionalInterface
    public interface Opening {
        RegistryContext open(ServerConfig config) throws IOException;
    }

    /** How the server of an open registry is started. */
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
     * Starts one.
     *
     * @param yaml what stands in the configuration beside the place of the cache, the host and the port
     * @param imagePath the place of the cache
     */
    public static RunningRegistry start(String yaml, Path imagePath)
            throws IOException, StartException, ConfigException {
        return new RunningRegistry(configuration(yaml, imagePath), RegistryContext::open, RunningRegistry::serve);
    }

    /** The same with a server that is started in another way. */
    public static RunningRegistry start(String yaml, Path imagePath, Starter starter)
            throws IOException, StartException, ConfigException {
        return new RunningRegistry(configuration(yaml, imagePath), RegistryContext::open, starter);
    }

    /** The same with something of the product replaced. */
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

    /** Where it is now; a restart changes the port. */
    public URI base() {
        return URI.create("http://127.0.0.1:" + server.port());
    }

    public Path imagePath() {
        return config.imagePath();
    }

    public RegistryContext context() {
        return context;
    }

    /** Its operator, who has the token of the configuration, or the one that the server made. */
    public Operator operator() throws IOException {
        return config.admin().token().isPresent()
                ? new Operator(base(), config.admin().token().get().reveal())
                : Operator.of(base(), imagePath());
    }

    /** Stops it and starts it again, as a new process would. */
    public void restart() throws IOException, StartException {
        close();
        context = opening.open(config);
        server = starter.start(context);
    }

    /** Lets what is in flight end, for so long; then it is to be closed. */
    public void stop(Duration drain) {
        server.stop(drain);
    }

    /** Breaks off what is in flight. */
    @Override
    public void close() {
        server.stop(Duration.ZERO);
        context.close();
    }
}
