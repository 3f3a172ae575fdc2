/**
 * The configuration file: its keys, its location, and the values that the server runs with.
 *
 * <p>Entry types: {@link ConfigLoader}, {@link ServerConfig}, {@link ServerKeys}.
 *
 * <p>May import: {@code common}, {@code config.address}, {@code config.model}, {@code config.yaml}, {@code oci}.
 */
@NullMarked
package io.ociregistry.config;

import org.jspecify.annotations.NullMarked;
