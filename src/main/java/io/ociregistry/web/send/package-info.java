/**
 * Sends answers to the clients of servlets without blocking a thread, and writes the access log.
 *
 * <p>Entry types: {@link BodySender}, {@link BodyWriter}.
 *
 * <p>May import: {@code common}, {@code config.address}, {@code metrics}, {@code oci}, {@code store},
 * {@code web.api}.
 */
@NullMarked
package io.ociregistry.web.send;

import org.jspecify.annotations.NullMarked;
