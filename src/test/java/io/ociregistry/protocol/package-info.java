/** What every way of running the server must answer, byte for byte on the wire. */
@NullMarked
package io.ociregistry.protocol;

import org.jspecify.annotations.NullMarked;
