/**
 * Connections to one upstream: TLS, pools, connection attempts, and the meaning of their errors.
 *
 * <p>Entry types: {@link UpstreamClients}, {@link TlsContexts}.
 *
 * <p>May import: {@code common}, {@code config.model}, {@code metrics}, {@code oci}, {@code tls},
 * {@code upstream.address}, {@code upstream.credentials}, {@code upstream.proxy}.
 */
@NullMarked
package io.ociregistry.upstream.net;

import org.jspecify.annotations.NullMarked;
