/**
 * Requests and headers that several servlets share, and the access log.
 *
 * <p>Entry types: {@link AsyncWait}, {@link AccessLogFilter}, {@link ByteRange}.
 *
 * <p>May import: {@code common}, {@code oci}, {@code registry.list}.
 */
@NullMarked
package io.ociregistry.web.api;

import org.jspecify.annotations.NullMarked;
