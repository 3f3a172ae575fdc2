/**
 * The interfaces of the store and their values, without paths (ADR 36).
 *
 * <p>Entry types: {@link Store}, {@link BlobStore}, {@link ManifestStore}.
 *
 * <p>May import: {@code oci}.
 */
@NullMarked
package io.ociregistry.store;

import org.jspecify.annotations.NullMarked;
