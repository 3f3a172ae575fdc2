/**
 * Wires one running registry, and is the face that servlets and commands use.
 *
 * <p>Entry types: {@link RegistryContext}, {@link Registry}.
 *
 * <p>May import: {@code access}, {@code common}, {@code config}, {@code config.address}, {@code config.model},
 * {@code metrics}, {@code oci}, {@code registry.admin}, {@code registry.archives}, {@code registry.blob},
 * {@code registry.content}, {@code registry.index}, {@code registry.list}, {@code registry.load},
 * {@code registry.manifest}, {@code registry.policy}, {@code registry.prune}, {@code registry.verify},
 * {@code store}, {@code store.factory}, {@code tls}, {@code upstream}, {@code upstream.credentials},
 * {@code upstream.pool}.
 */
@NullMarked
package io.ociregistry.registry;

import org.jspecify.annotations.NullMarked;
