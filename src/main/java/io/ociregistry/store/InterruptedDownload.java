package io.ociregistry.store;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.Repository;

/** A blob of which an interrupted download left a part, and the repository it came from. */
public record InterruptedDownload(Digest digest, Repository source) {}
