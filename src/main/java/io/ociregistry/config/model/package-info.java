/**
 * The sections of the configuration: a record with its values, beside its keys.
 *
 * <p>Entry types: {@link UpstreamConfig}, {@link RegistryMatcher}.
 *
 * <p>May import: {@code common}, {@code config.address}, {@code config.yaml}, {@code oci}.
 */
@NullMarked
package io.ociregistry.config.model;

import org.jspecify.annotations.NullMarked;
