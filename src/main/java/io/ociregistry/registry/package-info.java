/** The product: what is cached, what is fetched, and how requests for it are answered. */
@NullMarked
package io.ociregistry.registry;

import org.jspecify.annotations.NullMarked;
