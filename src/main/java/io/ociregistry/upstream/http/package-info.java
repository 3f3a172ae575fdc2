/**
 * Requests to a registry over HTTP, with redirects, and its answers.
 *
 * <p>Entry types: {@link HttpUpstream}, {@link RegistryRequest}.
 *
 * <p>May import: {@code common}, {@code config.model}, {@code metrics}, {@code oci}, {@code upstream},
 * {@code upstream.address}, {@code upstream.auth}, {@code upstream.health}, {@code upstream.net},
 * {@code upstream.work}.
 */
@NullMarked
package io.ociregistry.upstream.http;

import org.jspecify.annotations.NullMarked;
