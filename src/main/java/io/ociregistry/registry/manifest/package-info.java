/**
 * Pull-through of manifests, and revalidation of cached tags.
 *
 * <p>Entry types: {@link ManifestService}, {@link TagRevalidator}.
 *
 * <p>May import: {@code common}, {@code config}, {@code config.model}, {@code metrics}, {@code oci},
 * {@code registry.index}, {@code registry.policy}, {@code store}, {@code upstream}.
 */
@NullMarked
package io.ociregistry.registry.manifest;

import org.jspecify.annotations.NullMarked;
