/**
 * Sources of credentials: configuration, files, docker configuration, credential helpers.
 *
 * <p>Entry types: {@link CredentialSources}, {@link HelperPrograms}.
 *
 * <p>May import: {@code common}, {@code config.model}, {@code oci}.
 */
@NullMarked
package io.ociregistry.upstream.credentials;

import org.jspecify.annotations.NullMarked;
