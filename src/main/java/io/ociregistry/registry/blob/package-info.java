/**
 * Pull-through of blobs: access check, store lookup, and download from the upstream on a miss.
 *
 * <p>Entry types: {@link BlobService}, {@link Downloads}.
 *
 * <p>May import: {@code common}, {@code config}, {@code config.model}, {@code metrics}, {@code oci},
 * {@code registry.index}, {@code registry.manifest}, {@code registry.policy}, {@code store}, {@code upstream}.
 */
@NullMarked
package io.ociregistry.registry.blob;

import org.jspecify.annotations.NullMarked;
