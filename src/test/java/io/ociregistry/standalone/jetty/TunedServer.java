package io.ociregistry.standalone.jetty;

import io.ociregistry.registry.RegistryContext;
import io.ociregistry.web.RegistryContextListener;
import io.ociregistry.web.admin.ServerControl;
import io.ociregistry.web.send.MinimumRate;
import java.time.Duration;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/**
 * The embedded server with small limits, which a test reaches soon and with few clients.
 *
 * @param threads the maximum size of the thread pool
 * @param sendBuffer the size of the send buffers of sockets, which are megabytes on loopback by default
 * @param minimumRate the minimum rate at which clients must read
 * @param limits the limits for all clients
 */
public record TunedServer(int threads, int sendBuffer, MinimumRate minimumRate, ServerLimits limits) {
    /** A server with few threads or small buffers, and default limits. */
    public TunedServer(int threads, int sendBuffer) {
        this(threads, sendBuffer, MinimumRate.DEFAULT, ServerLimits.DEFAULT);
    }

    /** A server with another minimum rate and idle timeout. */
    public TunedServer(int threads, int sendBuffer, MinimumRate minimumRate, Duration idle) {
        this(
                threads,
                sendBuffer,
                minimumRate,
                new ServerLimits(
                        ServerLimits.DEFAULT.connections(),
                        ServerLimits.DEFAULT.headers(),
                        idle,
                        ServerLimits.DEFAULT.idleWhenFull(),
                        ServerLimits.DEFAULT.reloadInterval()));
    }

    public EmbeddedServer start(RegistryContext context) throws StartException {
        return EmbeddedServer.start(
                context.config(),
                new RegistryContextListener(context, ServerControl.fixed(context), minimumRate),
                limits,
                this::tune);
    }

    private void tune(ServerConnector connector) {
        connector.setAcceptedSendBufferSize(sendBuffer);
        ((QueuedThreadPool) connector.getServer().getThreadPool()).setMaxThreads(threads);
    }
}
