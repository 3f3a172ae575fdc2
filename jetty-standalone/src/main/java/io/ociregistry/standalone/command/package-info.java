/**
 * The commands: serve, load, list, export, prune, verify, hosts, version.
 *
 * <p>Entry types: {@link ServeCommand}, {@link LoadCommand}.
 *
 * <p>May import: {@code access}, {@code common}, {@code config}, {@code config.address}, {@code config.model},
 * {@code config.yaml}, {@code hosts}, {@code logging}, {@code oci}, {@code registry}, {@code registry.admin},
 * {@code registry.archives}, {@code registry.load}, {@code registry.load.list}, {@code registry.policy},
 * {@code registry.prune}, {@code registry.verify}, {@code standalone.cli}, {@code standalone.jetty},
 * {@code standalone.remote}, {@code store}, {@code store.factory}, {@code web.admin}.
 */
@NullMarked
package io.ociregistry.standalone.command;

import org.jspecify.annotations.NullMarked;
