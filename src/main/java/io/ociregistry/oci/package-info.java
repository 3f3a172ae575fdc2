/** The vocabulary of the OCI specifications: immutable, validated values. */
@NullMarked
package io.ociregistry.oci;

import org.jspecify.annotations.NullMarked;
