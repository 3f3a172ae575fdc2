/**
 * Entry point and command line of the standalone jar; nothing below this package is in the WAR.
 *
 * <p>Entry types: {@link Main}, {@link CommandLine}.
 *
 * <p>May import: {@code config.yaml}, {@code standalone.cli}, {@code standalone.command}.
 */
@NullMarked
package io.ociregistry.standalone;

import org.jspecify.annotations.NullMarked;
