/**
 * The fault matrix: every way in which an upstream fails, for every kind of request, with nothing cached and with
 * something cached.
 */
@NullMarked
package io.ociregistry.faults;

import org.jspecify.annotations.NullMarked;
