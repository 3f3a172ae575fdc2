package io.ociregistry.store;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.Repository;

/** A blob whose interrupted download left a partial file, and the repository that it was downloaded from. */
public record InterruptedDownload(Digest digest, Repository source) {}
