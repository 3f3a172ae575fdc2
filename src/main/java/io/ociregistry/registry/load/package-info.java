/**
 * Loads images into the cache before clients ask for them.
 *
 * <p>Entry types: {@link ImageLoader}, {@link Preload}.
 *
 * <p>May import: {@code archive}, {@code common}, {@code config}, {@code oci}, {@code registry.content},
 * {@code registry.list}, {@code registry.load.list}, {@code registry.manifest}, {@code registry.policy},
 * {@code store}.
 */
@NullMarked
package io.ociregistry.registry.load;

import org.jspecify.annotations.NullMarked;
