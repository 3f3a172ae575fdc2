/**
 * Sends bodies to clients without blocking a thread.
 *
 * <p>Entry types: {@link BlobSender}, {@link BodyWriter}.
 *
 * <p>May import: {@code common}, {@code oci}, {@code registry.blob}, {@code registry.list}, {@code store},
 * {@code web.http}.
 */
@NullMarked
package io.ociregistry.web.send;

import org.jspecify.annotations.NullMarked;
