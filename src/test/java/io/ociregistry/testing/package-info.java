/**
 * What the tests stand on: registries that misbehave to order, images, certificates, and a client that sees every
 * byte.
 */
@NullMarked
package io.ociregistry.testing;

import org.jspecify.annotations.NullMarked;
