/**
 * Imports image archives into the cache and exports cached images.
 *
 * <p>Entry types: {@link ArchiveImporter}, {@link CacheExport}.
 *
 * <p>May import: {@code archive}, {@code common}, {@code config}, {@code oci}, {@code registry.index},
 * {@code registry.load}, {@code registry.load.list}, {@code registry.policy}, {@code store}, {@code store.blob},
 * {@code store.disk}, {@code store.download}, {@code store.manifest}.
 */
@NullMarked
package io.ociregistry.registry.archives;

import org.jspecify.annotations.NullMarked;
