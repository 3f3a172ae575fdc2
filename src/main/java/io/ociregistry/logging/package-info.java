/**
 * Sets the level, the format and the file of the log; the only user of the logging implementation.
 *
 * <p>Entry types: {@link Logging}, {@link Journal}.
 *
 * <p>May import: {@code common}, {@code config}.
 */
@NullMarked
package io.ociregistry.logging;

import org.jspecify.annotations.NullMarked;
