/** Test fixtures: registries that misbehave as configured, images, certificates, and a client that sees every byte. */
@NullMarked
package io.ociregistry.testing;

import org.jspecify.annotations.NullMarked;
