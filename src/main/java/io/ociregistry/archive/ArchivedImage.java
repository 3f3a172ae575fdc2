package io.ociregistry.archive;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import java.util.List;

/**
 * What an archive lists as an image, or as something that refers to one.
 *
 * @param digest of its manifest or index, as the archive says; that one need not be in the archive
 * @param names complete ones; none if the archive tells none
 * @param labels what the archive calls it that is no complete name, like a tag alone
 */
public record ArchivedImage(Digest digest, List<ImageReference> names, List<String> labels) {
    public ArchivedImage {
        names = List.copyOf(names);
        labels = List.copyOf(labels);
    }
}
