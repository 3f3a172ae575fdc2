/**
 * Verifies the whole cache, and repairs damaged records and blobs.
 *
 * <p>Entry types: {@link Verifier}, {@link Scrub}, {@link Repair}.
 *
 * <p>May import: {@code common}, {@code metrics}, {@code oci}, {@code registry.content}, {@code registry.index},
 * {@code registry.load}, {@code store}.
 */
@NullMarked
package io.ociregistry.registry.verify;

import org.jspecify.annotations.NullMarked;
