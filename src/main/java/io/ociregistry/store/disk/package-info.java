/**
 * Directory layout, lock, quarantine, and the index of verified files.
 *
 * <p>Entry types: {@link Layout}, {@link StoreAccess}, {@link Quarantine}.
 *
 * <p>May import: {@code common}, {@code oci}, {@code store}.
 */
@NullMarked
package io.ociregistry.store.disk;

import org.jspecify.annotations.NullMarked;
