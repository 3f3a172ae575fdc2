/**
 * The content index: which names mean which manifests, and which repository may show which digest.
 *
 * <p>Entry types: {@link ContentIndex}, {@link RecordWatcher}.
 *
 * <p>May import: {@code common}, {@code oci}, {@code store}, {@code upstream}.
 */
@NullMarked
package io.ociregistry.registry.index;

import org.jspecify.annotations.NullMarked;
