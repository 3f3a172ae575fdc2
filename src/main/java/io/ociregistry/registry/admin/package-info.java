/**
 * The cache as operators see it: status, images, blobs.
 *
 * <p>Entry types: {@link Admin}, {@link Loads}, {@link CacheContents}.
 *
 * <p>May import: {@code access}, {@code common}, {@code config}, {@code config.model}, {@code metrics},
 * {@code oci}, {@code registry.archives}, {@code registry.blob}, {@code registry.index}, {@code registry.list},
 * {@code registry.load}, {@code registry.load.list}, {@code registry.policy}, {@code registry.prune},
 * {@code store}, {@code upstream}.
 */
@NullMarked
package io.ociregistry.registry.admin;

import org.jspecify.annotations.NullMarked;
