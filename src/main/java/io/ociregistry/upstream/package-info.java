/**
 * The interface of an upstream registry: requests, answers and priorities.
 *
 * <p>Entry types: {@link Upstream}, {@link Upstreams}.
 *
 * <p>May import: {@code config}, {@code metrics}, {@code oci}.
 */
@NullMarked
package io.ociregistry.upstream;

import org.jspecify.annotations.NullMarked;
