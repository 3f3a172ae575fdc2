package io.ociregistry.registry.blob;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.Repository;

/** A repository and the digest of one of its blobs. */
record BlobKey(Repository repository, Digest digest) {
    @Override
    public String toString() {
        return "blob " + repository + "@" + digest;
    }
}
