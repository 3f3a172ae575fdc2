package io.ociregistry.store;

import io.ociregistry.oci.Digest;
import java.time.Instant;

/**
 * A file in the blob directory, verified or not.
 *
 * @param size size in bytes
 * @param lastChanged the later one of modification time and inode change time, because a copy may have an old
 * modification
 *     time
 */
public record BlobFile(Digest digest, long size, Instant lastChanged) {}
