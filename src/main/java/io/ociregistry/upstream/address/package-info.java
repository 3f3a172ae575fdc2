/**
 * Addresses that requests may reach: host names, DNS, and the guard.
 *
 * <p>Entry types: {@link AddressGuard}, {@link CachingResolver}, {@link Origin}.
 *
 * <p>May import: {@code common}, {@code config.address}, {@code oci}.
 */
@NullMarked
package io.ociregistry.upstream.address;

import org.jspecify.annotations.NullMarked;
