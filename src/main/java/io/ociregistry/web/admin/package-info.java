/**
 * The admin API under {@code /cmd}, health paths, and reload.
 *
 * <p>Entry types: {@link AdminApiServlet}, {@link AdminAccess}, {@link Reload}.
 *
 * <p>May import: {@code access}, {@code common}, {@code config}, {@code config.model}, {@code config.yaml},
 * {@code logging}, {@code metrics}, {@code oci}, {@code registry}, {@code registry.admin},
 * {@code registry.archives}, {@code registry.list}, {@code registry.load}, {@code registry.load.list},
 * {@code registry.policy}, {@code registry.prune}, {@code web.api}, {@code web.send}.
 */
@NullMarked
package io.ociregistry.web.admin;

import org.jspecify.annotations.NullMarked;
