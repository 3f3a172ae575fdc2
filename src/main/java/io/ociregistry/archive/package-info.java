/** Image archives: OCI layouts and what {@code docker save} writes, read without trusting them, and layouts written. */
@NullMarked
package io.ociregistry.archive;

import org.jspecify.annotations.NullMarked;
