/**
 * All upstreams of one configuration, with their mirrors.
 *
 * <p>Entry types: {@link UpstreamFactory}, {@link UpstreamPool}, {@link MirroredUpstream}.
 *
 * <p>May import: {@code common}, {@code config}, {@code config.address}, {@code config.model}, {@code metrics},
 * {@code oci}, {@code tls}, {@code upstream}, {@code upstream.address}, {@code upstream.auth},
 * {@code upstream.credentials}, {@code upstream.health}, {@code upstream.http}, {@code upstream.net},
 * {@code upstream.proxy}, {@code upstream.work}.
 */
@NullMarked
package io.ociregistry.upstream.pool;

import org.jspecify.annotations.NullMarked;
