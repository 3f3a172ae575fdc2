/**
 * Helpers that any package may use: reloaded files, owners of files, durable renames, threads, single flight,
 * units.
 *
 * <p>Entry types: {@link ReloadingFile}, {@link FileOwner}, {@link SingleFlight}, {@link Daemons}.
 *
 * <p>May import: {@code oci}.
 */
@NullMarked
package io.ociregistry.common;

import org.jspecify.annotations.NullMarked;
