/** Threads of the background. */
@NullMarked
package io.ociregistry.threads;

import org.jspecify.annotations.NullMarked;
