/**
 * Index of the manifest records in memory, and its snapshot on disk.
 *
 * <p>Entry types: {@link RecordIndex}, {@link IndexSnapshot}.
 *
 * <p>May import: {@code oci}, {@code store}, {@code store.disk}, {@code store.manifest.format}.
 */
@NullMarked
package io.ociregistry.store.manifest.index;

import org.jspecify.annotations.NullMarked;
