/**
 * Opens the store that the configuration describes.
 *
 * <p>Entry types: {@link StoreFactory}. Packages above the store see only it and package {@code store}.
 *
 * <p>May import: {@code config}, {@code config.model}, {@code oci}, {@code store}, {@code store.blob},
 * {@code store.check}, {@code store.disk}, {@code store.download}, {@code store.manifest}.
 */
@NullMarked
package io.ociregistry.store.factory;

import org.jspecify.annotations.NullMarked;
