/**
 * Typed YAML: reads values and reports every problem with its line.
 *
 * <p>Entry types: {@link Key}, {@link ObjectType}, {@link ParseContext}.
 *
 * <p>May import: {@code common}, {@code oci}.
 */
@NullMarked
package io.ociregistry.config.yaml;

import org.jspecify.annotations.NullMarked;
