/**
 * Imports image archives into the cache and exports cached images.
 *
 * <p>Entry types: {@link ArchiveImporter}, {@link ArchiveUploads}, {@link CacheExport}.
 *
 * <p>May import: {@code archive}, {@code common}, {@code oci}, {@code registry.index}, {@code registry.load},
 * {@code registry.load.list}, {@code registry.policy}, {@code store}.
 */
@NullMarked
package io.ociregistry.registry.archives;

import org.jspecify.annotations.NullMarked;
