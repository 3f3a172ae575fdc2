/**
 * Keys, certificates and trust in PEM files, for clients and servers.
 *
 * <p>Entry types: {@link PemFiles}, {@link SystemTrust}.
 *
 * <p>May import: {@code common}.
 */
@NullMarked
package io.ociregistry.tls;

import org.jspecify.annotations.NullMarked;
