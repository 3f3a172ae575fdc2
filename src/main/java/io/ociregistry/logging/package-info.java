/** What is logged, and where to; the only user of the logging implementation. */
@NullMarked
package io.ociregistry.logging;

import org.jspecify.annotations.NullMarked;
