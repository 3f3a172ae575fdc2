/**
 * Verified blobs on disk, the links of repositories to them, and lists.
 *
 * <p>Entry types: {@link DiskBlobStore}, {@link DiskLinkStore}, {@link DiskListStore}.
 *
 * <p>May import: {@code oci}, {@code store}, {@code store.disk}, {@code store.download}.
 */
@NullMarked
package io.ociregistry.store.blob;

import org.jspecify.annotations.NullMarked;
