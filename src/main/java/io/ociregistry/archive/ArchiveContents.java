package io.ociregistry.archive;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.Manifest;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * The images and manifests of an archive.
 *
 * @param unreadable the listed digests that are invalid or of an unknown algorithm, quoted
 * @param manifests the listed manifests that the archive contains, and the children of its indexes that it contains
 * @param entryName returns the name of the entry with the content of a digest
 * @param leftOut the manifests that the archive omits because the receiver has them
 * @param isRebuilt true if the manifests were built from docker's {@code manifest.json}
 */
record ArchiveContents(
        List<ArchivedImage> images,
        List<String> unreadable,
        Map<Digest, Manifest> manifests,
        Function<Digest, String> entryName,
        Set<Digest> leftOut,
        boolean isRebuilt) {}
