/**
 * Reads OCI layouts and {@code docker save} archives without trusting them, and writes OCI layouts.
 *
 * <p>Entry types: {@link ImageArchive}, {@link LayoutWriter}.
 *
 * <p>May import: {@code oci}.
 */
@NullMarked
package io.ociregistry.archive;

import org.jspecify.annotations.NullMarked;
