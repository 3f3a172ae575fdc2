/**
 * Values and interfaces of the store; no path of a file.
 *
 * <p>Entry types: {@link BlobSource}, {@link ManifestRecord}.
 *
 * <p>May import: {@code oci}.
 */
@NullMarked
package io.ociregistry.store;

import org.jspecify.annotations.NullMarked;
