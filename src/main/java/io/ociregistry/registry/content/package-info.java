/**
 * The content of a running registry as background work gets it: prefetch, loads and repairs.
 *
 * <p>Entry types: {@link Prefetch}.
 *
 * <p>May import: {@code common}, {@code oci}, {@code store}, {@code store.blob}.
 */
@NullMarked
package io.ociregistry.registry.content;

import org.jspecify.annotations.NullMarked;
