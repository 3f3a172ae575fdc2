/**
 * Turns the head of a request into an answer, both as values without a servlet type, so that every transport gives the
 * same answers (ADR 37).
 *
 * <p>Entry types: {@link DistributionApi}, {@link RequestHead}, {@link Answer}.
 *
 * <p>May import: {@code access}, {@code common}, {@code config}, {@code config.model}, {@code metrics},
 * {@code oci}, {@code registry}, {@code registry.blob}, {@code registry.list}, {@code registry.manifest},
 * {@code registry.policy}, {@code store}.
 */
@NullMarked
package io.ociregistry.web.api;

import org.jspecify.annotations.NullMarked;
