/**
 * A manifest record as JSON, in the format of the Go program.
 *
 * <p>Entry types: {@link RecordFormat}, {@link RecordType}.
 *
 * <p>May import: {@code oci}, {@code store}, {@code store.disk}.
 */
@NullMarked
package io.ociregistry.store.manifest.format;

import org.jspecify.annotations.NullMarked;
