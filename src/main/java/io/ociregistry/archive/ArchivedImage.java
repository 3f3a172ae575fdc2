package io.ociregistry.archive;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import java.util.List;

/**
 * An image, or an artifact that refers to one, as an archive lists it.
 *
 * @param digest the listed digest of its manifest or index, which the archive may not contain
 * @param names the complete names; empty if the archive has none
 * @param labels other names that are not complete, such as a tag alone
 */
public record ArchivedImage(Digest digest, List<ImageReference> names, List<String> labels) {
    public ArchivedImage {
        names = List.copyOf(names);
        labels = List.copyOf(labels);
    }
}
