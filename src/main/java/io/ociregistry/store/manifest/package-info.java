/**
 * Manifest records on disk: reads, writes, and the times of pulls.
 *
 * <p>Entry types: {@link DiskManifestStore}.
 *
 * <p>May import: {@code common}, {@code oci}, {@code store}, {@code store.disk}, {@code store.manifest.format},
 * {@code store.manifest.index}.
 */
@NullMarked
package io.ociregistry.store.manifest;

import org.jspecify.annotations.NullMarked;
