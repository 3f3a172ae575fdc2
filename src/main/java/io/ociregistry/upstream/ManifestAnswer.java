package io.ociregistry.upstream;

import io.ociregistry.oci.MediaType;

/**
 * A manifest as an upstream sent it.
 *
 * @param bytes the body, not verified; not changed by anybody afterwards
 * @param contentType as sent, {@link MediaType#NONE} if not
 * @param stale whether a cache sent it that could not ask whether it is still what the tag means
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record ManifestAnswer(byte[] bytes, MediaType contentType, boolean stale) {}
