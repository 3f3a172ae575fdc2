/**
 * Circuit breaker and rate limits of an upstream.
 *
 * <p>Entry types: {@link Health}, {@link Breaker}, {@link RateLimits}.
 *
 * <p>May import: {@code common}, {@code metrics}, {@code oci}, {@code upstream}, {@code upstream.address},
 * {@code upstream.net}.
 */
@NullMarked
package io.ociregistry.upstream.health;

import org.jspecify.annotations.NullMarked;
