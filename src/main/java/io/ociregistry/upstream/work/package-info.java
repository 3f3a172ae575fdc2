/**
 * Threads and bandwidth of an upstream.
 *
 * <p>Entry types: {@link UpstreamExecutors}, {@link PriorityThreads}, {@link Bandwidth}.
 *
 * <p>May import: {@code common}, {@code upstream}.
 */
@NullMarked
package io.ociregistry.upstream.work;

import org.jspecify.annotations.NullMarked;
