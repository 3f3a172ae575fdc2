/**
 * Servlets and filters of the distribution API, and the listener that registers them.
 *
 * <p>Entry types: {@link RegistryContextListener}, {@link DistributionServlet}.
 *
 * <p>May import: {@code access}, {@code common}, {@code config}, {@code config.model}, {@code config.yaml},
 * {@code logging}, {@code oci}, {@code registry}, {@code registry.admin}, {@code registry.list},
 * {@code registry.manifest}, {@code registry.policy}, {@code store}, {@code web.admin}, {@code web.http},
 * {@code web.send}.
 */
@NullMarked
package io.ociregistry.web;

import org.jspecify.annotations.NullMarked;
