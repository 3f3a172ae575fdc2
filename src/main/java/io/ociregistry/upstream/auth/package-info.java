/**
 * Challenges and tokens of a registry.
 *
 * <p>Entry types: {@link Authenticator}, {@link BearerTokens}.
 *
 * <p>May import: {@code common}, {@code metrics}, {@code oci}, {@code upstream}, {@code upstream.address},
 * {@code upstream.credentials}, {@code upstream.health}, {@code upstream.net}.
 */
@NullMarked
package io.ociregistry.upstream.auth;

import org.jspecify.annotations.NullMarked;
