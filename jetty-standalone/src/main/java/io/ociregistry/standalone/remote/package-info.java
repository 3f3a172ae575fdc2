/**
 * Commands against a running server: its URL, trust, token and answers.
 *
 * <p>Entry types: {@link RemoteServer}, {@link SentToken}.
 *
 * <p>May import: {@code access}, {@code common}, {@code config}, {@code config.address}, {@code config.model},
 * {@code oci}, {@code registry.load}, {@code registry.load.list}, {@code registry.policy}, {@code registry.prune},
 * {@code standalone.cli}, {@code standalone.jetty}, {@code tls}, {@code upstream.net}.
 */
@NullMarked
package io.ociregistry.standalone.remote;

import org.jspecify.annotations.NullMarked;
