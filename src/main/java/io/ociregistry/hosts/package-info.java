/**
 * The file {@code hosts.toml}, by which containerd sends its pulls to a server: its text, and its place on a node.
 *
 * <p>Entry types: {@link HostsToml}, {@link HostsDirectory}.
 *
 * <p>May import: {@code common}, {@code config.address}, {@code oci}.
 */
@NullMarked
package io.ociregistry.hosts;

import org.jspecify.annotations.NullMarked;
