/**
 * The embedded Jetty server.
 *
 * <p>Entry types: {@link EmbeddedServer}, {@link Connectors}, {@link HitHandler}.
 *
 * <p>May import: {@code common}, {@code config}, {@code config.model}, {@code metrics}, {@code oci},
 * {@code registry}, {@code store}, {@code tls}, {@code web}, {@code web.admin}, {@code web.api},
 * {@code web.health}, {@code web.send}.
 */
@NullMarked
package io.ociregistry.standalone.jetty;

import org.jspecify.annotations.NullMarked;
