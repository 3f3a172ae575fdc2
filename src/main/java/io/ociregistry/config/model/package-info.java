/**
 * Values of the configuration, one record for each section.
 *
 * <p>Entry types: {@link UpstreamConfig}, {@link RegistryMatcher}.
 *
 * <p>May import: {@code common}, {@code config.address}, {@code oci}.
 */
@NullMarked
package io.ociregistry.config.model;

import org.jspecify.annotations.NullMarked;
