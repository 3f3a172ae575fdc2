/**
 * The content of a running registry as background work gets it: prefetch, loads and repairs.
 *
 * <p>Entry types: {@link ContentSource}, {@link Prefetch}.
 *
 * <p>May import: {@code common}, {@code config}, {@code config.model}, {@code oci}, {@code registry.blob},
 * {@code registry.list}, {@code registry.manifest}, {@code registry.policy}, {@code store}, {@code upstream}.
 */
@NullMarked
package io.ociregistry.registry.content;

import org.jspecify.annotations.NullMarked;
