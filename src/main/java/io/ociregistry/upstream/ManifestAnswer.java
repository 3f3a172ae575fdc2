package io.ociregistry.upstream;

import io.ociregistry.oci.MediaType;

/**
 * A manifest as an upstream sent it.
 *
 * @param bytes the body, not verified; callers must not modify it
 * @param contentType Content-Type, {@link MediaType#NONE} if it was not sent
 * @param sender the name of the registry, or the URL of the mirror, that sent it
 * @param stale true if a caching mirror sent it and could not revalidate the tag
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record ManifestAnswer(byte[] bytes, MediaType contentType, String sender, boolean stale) {}
