package io.ociregistry.standalone.jetty;

import io.ociregistry.registry.RegistryContext;
import io.ociregistry.web.RegistryContextListener;
import io.ociregistry.web.admin.ServerControl;
import io.ociregistry.web.send.MinimumRate;
import java.time.Duration;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/**
 * The embedded server with limits at which a test sees with few clients, and soon, what otherwise takes many and long.
 *
 * @param threads what the pool may grow to
 * @param sendBuffer how much sockets take for clients that don't read; on loopback it is megabytes otherwise
 * @param least what clients have to take
 * @param limits what the server allows all clients
 */
public record TunedServer(int threads, int sendBuffer, MinimumRate least, ServerLimits limits) {
    /** With few threads or small buffers, and otherwise as it is shipped. */
    public TunedServer(int threads, int sendBuffer) {
        this(threads, sendBuffer, MinimumRate.DEFAULT, ServerLimits.DEFAULT);
    }

    /** With other rules for clients that do nothing. */
    public TunedServer(int threads, int sendBuffer, MinimumRate least, Duration idle) {
        this(
                threads,
                sendBuffer,
                least,
                new ServerLimits(
                        ServerLimits.DEFAULT.connections(),
                        ServerLimits.DEFAULT.headers(),
                        idle,
                        ServerLimits.DEFAULT.idleWhenFull(),
                        ServerLimits.DEFAULT.unseen()));
    }

    public EmbeddedServer start(RegistryContext context) throws StartException {
        return EmbeddedServer.start(
                context.config(),
                new RegistryContextListener(context, ServerControl.none(context), least),
                limits,
                this::tune);
    }

    private void tune(ServerConnector connector) {
        connector.setAcceptedSendBufferSize(sendBuffer);
        ((QueuedThreadPool) connector.getServer().getThreadPool()).setMaxThreads(threads);
    }
}
