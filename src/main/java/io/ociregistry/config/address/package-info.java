/**
 * Grammar of registry names and endpoints in the configuration.
 *
 * <p>Entry types: {@link HostPort}, {@link Endpoint}.
 *
 * <p>May import: {@code oci}.
 */
@NullMarked
package io.ociregistry.config.address;

import org.jspecify.annotations.NullMarked;
