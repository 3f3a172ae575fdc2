/**
 * Checks the passwords and tokens that clients present.
 *
 * <p>Entry types: {@link ClientAccess}, {@link SharedToken}.
 *
 * <p>May import: {@code common}, {@code config.model}, {@code oci}.
 */
@NullMarked
package io.ociregistry.access;

import org.jspecify.annotations.NullMarked;
