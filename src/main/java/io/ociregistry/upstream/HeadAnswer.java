package io.ociregistry.upstream;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.MediaType;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * An upstream's answer to HEAD. Registries may omit every header.
 *
 * @param size Content-Length, if it was sent and is possible for this content; not verified
 * @param contentType Content-Type, {@link MediaType#NONE} if it was not sent
 * @param digest Docker-Content-Digest, if it was sent and is valid
 * @param stale true if a caching mirror answered and could not revalidate the tag
 */
public record HeadAnswer(OptionalLong size, MediaType contentType, Optional<Digest> digest, boolean stale) {}
