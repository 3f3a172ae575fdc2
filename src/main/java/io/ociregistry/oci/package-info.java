/**
 * Values of the OCI specifications: immutable and valid.
 *
 * <p>Entry types: {@link Manifest}, {@link Digest}, {@link Repository}, {@link RegistryException}.
 *
 * <p>May import: nothing of this project.
 */
@NullMarked
package io.ociregistry.oci;

import org.jspecify.annotations.NullMarked;
