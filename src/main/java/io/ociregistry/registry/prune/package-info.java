/**
 * Removes images that a request selects: a plan, then mark and sweep.
 *
 * <p>Entry types: {@link Pruner}, {@link BackgroundPruner}.
 *
 * <p>May import: {@code common}, {@code config}, {@code config.model}, {@code metrics}, {@code oci},
 * {@code registry.index}, {@code registry.policy}, {@code store}.
 */
@NullMarked
package io.ociregistry.registry.prune;

import org.jspecify.annotations.NullMarked;
