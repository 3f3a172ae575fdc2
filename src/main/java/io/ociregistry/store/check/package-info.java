/**
 * Reads every file of the store again and compares it with its name.
 *
 * <p>Entry types: {@link DiskInspector}.
 *
 * <p>May import: {@code common}, {@code oci}, {@code store}, {@code store.disk}, {@code store.download},
 * {@code store.manifest}, {@code store.manifest.index}.
 */
@NullMarked
package io.ociregistry.store.check;

import org.jspecify.annotations.NullMarked;
