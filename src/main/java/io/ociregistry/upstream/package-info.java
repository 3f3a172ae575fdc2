/** Other registries; the only user of the HTTP client. */
@NullMarked
package io.ociregistry.upstream;

import org.jspecify.annotations.NullMarked;
