/**
 * The fault matrix: each kind of failure of an upstream, for each kind of request, with and without cached content.
 */
@NullMarked
package io.ociregistry.faults;

import org.jspecify.annotations.NullMarked;
