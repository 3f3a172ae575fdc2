package io.ociregistry.standalone;

import io.ociregistry.registry.RegistryContext;
import io.ociregistry.web.RegistryContextListener;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/** The embedded server with limits at which a test sees with few clients what otherwise takes many. */
public final class TunedServer {
    private TunedServer() {}

    /** Has so many threads, and sockets that take only so much for clients that don't read. */
    public static EmbeddedServer start(int threads, int sendBuffer, RegistryContext context) throws StartException {
        return EmbeddedServer.start(
                context.config(),
                new RegistryContextListener(context),
                connector -> limit(connector, threads, sendBuffer));
    }

    private static void limit(ServerConnector connector, int threads, int sendBuffer) {
        connector.setAcceptedSendBufferSize(sendBuffer);
        ((QueuedThreadPool) connector.getServer().getThreadPool()).setMaxThreads(threads);
    }
}
