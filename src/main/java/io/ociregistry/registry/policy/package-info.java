/**
 * Rules that the configuration sets: registry names, tag policies, trust, pins.
 *
 * <p>Entry types: {@link RuntimeConfig}, {@link RegistryNames}.
 *
 * <p>May import: {@code common}, {@code config}, {@code config.address}, {@code config.model}, {@code config.yaml},
 * {@code oci}.
 */
@NullMarked
package io.ociregistry.registry.policy;

import org.jspecify.annotations.NullMarked;
