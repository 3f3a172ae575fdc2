/**
 * Lists of tags and referrers, from the upstream or from the cache.
 *
 * <p>Entry types: {@link TagLists}, {@link ReferrerLists}.
 *
 * <p>May import: {@code common}, {@code config}, {@code config.model}, {@code metrics}, {@code oci},
 * {@code registry.index}, {@code registry.manifest}, {@code registry.policy}, {@code store}, {@code upstream}.
 */
@NullMarked
package io.ociregistry.registry.list;

import org.jspecify.annotations.NullMarked;
