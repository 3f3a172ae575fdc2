/** The configuration: YAML to records, with every problem reported at once. */
@NullMarked
package io.ociregistry.config;

import org.jspecify.annotations.NullMarked;
