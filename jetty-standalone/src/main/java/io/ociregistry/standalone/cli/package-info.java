/**
 * Options of the command line and their values.
 *
 * <p>Entry types: {@link CliOption}, {@link GivenOptions}.
 *
 * <p>May import: {@code common}, {@code config}, {@code config.yaml}, {@code logging}, {@code oci},
 * {@code registry.policy}, {@code registry.prune}, {@code standalone.jetty}.
 */
@NullMarked
package io.ociregistry.standalone.cli;

import org.jspecify.annotations.NullMarked;
