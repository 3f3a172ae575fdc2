/**
 * Servlets of the distribution API, and the listener that registers everything.
 *
 * <p>Entry types: {@link RegistryContextListener}, {@link DistributionServlet}.
 *
 * <p>May import: {@code access}, {@code common}, {@code config}, {@code config.model}, {@code config.yaml},
 * {@code hosts}, {@code logging}, {@code metrics}, {@code oci}, {@code registry}, {@code registry.admin},
 * {@code web.admin}, {@code web.api}, {@code web.health}, {@code web.send}.
 */
@NullMarked
package io.ociregistry.web;

import org.jspecify.annotations.NullMarked;
