/**
 * Health checks, on the port of the clients and on a port of their own.
 *
 * <p>Entry types: {@link HealthChecks}, {@link HealthServlet}, {@link HealthPortServlet}.
 *
 * <p>May import: {@code oci}, {@code registry}, {@code store}, {@code web.api}, {@code web.send}.
 */
@NullMarked
package io.ociregistry.web.health;

import org.jspecify.annotations.NullMarked;
