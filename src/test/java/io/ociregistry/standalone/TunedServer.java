package io.ociregistry.standalone;

import io.ociregistry.registry.RegistryContext;
import io.ociregistry.web.MinimumRate;
import io.ociregistry.web.RegistryContextListener;
import java.time.Duration;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/**
 * The embedded server with limits at which a test sees with few clients, and soon, what otherwise takes many and long.
 *
 * @param threads what the pool may grow to
 * @param sendBuffer how much sockets take for clients that don't read; on loopback it is megabytes otherwise
 * @param least what clients have to take
 * @param idle after which Jetty closes a connection on which nothing moves
 */
public record TunedServer(int threads, int sendBuffer, MinimumRate least, Duration idle) {
    /** With few threads or small buffers, and otherwise as it is shipped. */
    public TunedServer(int threads, int sendBuffer) {
        this(threads, sendBuffer, MinimumRate.DEFAULT, Duration.ofMinutes(2));
    }

    public EmbeddedServer start(RegistryContext context) throws StartException {
        return EmbeddedServer.start(context.config(), new RegistryContextListener(context, least), this::tune);
    }

    private void tune(ServerConnector connector) {
        connector.setIdleTimeout(idle.toMillis());
        connector.setAcceptedSendBufferSize(sendBuffer);
        ((QueuedThreadPool) connector.getServer().getThreadPool()).setMaxThreads(threads);
    }
}
