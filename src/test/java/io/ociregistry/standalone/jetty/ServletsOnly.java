package io.ociregistry.standalone.jetty;

import io.ociregistry.config.ServerConfig;
import io.ociregistry.registry.RegistryContext;
import io.ociregistry.web.RegistryContextListener;
import io.ociregistry.web.admin.ServerControl;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Server;

/** Starts the embedded server without {@link HitHandler}. */
public final class ServletsOnly {
    private ServletsOnly() {}

    public static EmbeddedServer start(ServerConfig config, RegistryContext context, ServerControl control)
            throws StartException {
        return EmbeddedServer.start(
                config,
                new RegistryContextListener(context, control),
                ServerLimits.DEFAULT,
                connector -> removeHitHandler(connector.getServer()));
    }

    private static void removeHitHandler(Server server) {
        HitHandler hits = server.getDescendant(HitHandler.class);
        server.getDescendants(Handler.Wrapper.class).stream()
                .filter(wrapper -> wrapper.getHandler() == hits)
                .forEach(wrapper -> wrapper.setHandler(hits.getHandler()));
    }
}
