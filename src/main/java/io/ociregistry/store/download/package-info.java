/**
 * A blob in flight: the receiver, its readers and the partial file.
 *
 * <p>Entry types: {@link LocalDownload}, {@link PartialFile}.
 *
 * <p>May import: {@code common}, {@code oci}, {@code store}, {@code store.disk}.
 */
@NullMarked
package io.ociregistry.store.download;

import org.jspecify.annotations.NullMarked;
