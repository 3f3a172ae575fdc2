/**
 * HTTP proxies between this server and an upstream.
 *
 * <p>Entry types: {@link Proxies}, {@link ProxyRouting}.
 *
 * <p>May import: {@code common}, {@code config}, {@code config.address}, {@code config.model},
 * {@code upstream.address}, {@code upstream.credentials}.
 */
@NullMarked
package io.ociregistry.upstream.proxy;

import org.jspecify.annotations.NullMarked;
