/**
 * Verifies the whole cache, and repairs damaged records and blobs.
 *
 * <p>Entry types: {@link Verifier}, {@link Scrub}, {@link Repair}.
 *
 * <p>May import: {@code common}, {@code config}, {@code oci}, {@code registry.content}, {@code registry.index},
 * {@code registry.load}, {@code store}, {@code store.blob}, {@code store.check}, {@code store.disk},
 * {@code store.manifest}.
 */
@NullMarked
package io.ociregistry.registry.verify;

import org.jspecify.annotations.NullMarked;
