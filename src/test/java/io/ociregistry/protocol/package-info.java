/** The contract of the HTTP API on the wire, for every deployment of the server. */
@NullMarked
package io.ociregistry.protocol;

import org.jspecify.annotations.NullMarked;
