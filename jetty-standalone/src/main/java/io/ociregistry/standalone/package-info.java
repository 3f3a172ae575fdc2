/** The embedded server and the command line: everything the WAR must not contain. */
@NullMarked
package io.ociregistry.standalone;

import org.jspecify.annotations.NullMarked;
