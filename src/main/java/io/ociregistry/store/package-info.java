/** Bytes on disk. */
@NullMarked
package io.ociregistry.store;

import org.jspecify.annotations.NullMarked;
