package io.ociregistry.upstream;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.MediaType;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * An upstream's answer to HEAD. Registries leave out any of these.
 *
 * @param size Content-Length, if it was sent and can be the size of that content; not verified
 * @param digest Docker-Content-Digest, if it was sent and can be read
 * @param stale whether a cache answered that could not ask whether that is still what the tag means
 */
public record HeadAnswer(OptionalLong size, MediaType contentType, Optional<Digest> digest, boolean stale) {}
