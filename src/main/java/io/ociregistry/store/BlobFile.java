package io.ociregistry.store;

import io.ociregistry.oci.Digest;
import java.time.Instant;

/**
 * The file of a blob, verified or not.
 *
 * @param size bytes
 * @param changed when it was written, or put in its place, whatever time a copy gave it
 */
public record BlobFile(Digest digest, long size, Instant changed) {}
