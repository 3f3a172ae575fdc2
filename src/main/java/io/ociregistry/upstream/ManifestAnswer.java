package io.ociregistry.upstream;

import io.ociregistry.oci.MediaType;

/**
 * A manifest as an upstream sent it.
 *
 * @param bytes the body, not verified; not changed by anybody afterwards
 * @param contentType as sent, {@link MediaType#NONE} if not
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record ManifestAnswer(byte[] bytes, MediaType contentType) {}
