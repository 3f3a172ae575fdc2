package io.ociregistry.registry.blob;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.Repository;

/** A blob as one repository sees it. */
record BlobKey(Repository repository, Digest digest) {
    @Override
    public String toString() {
        return "blob " + repository + "@" + digest;
    }
}
