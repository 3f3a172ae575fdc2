/** The servlets and filters; the only user of the servlet API besides the embedded server. */
@NullMarked
package io.ociregistry.web;

import org.jspecify.annotations.NullMarked;
