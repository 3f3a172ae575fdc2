package io.ociregistry.archive;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.Manifest;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * What stands in an archive.
 *
 * @param unreadable what is listed by something that is no digest known here, quoted
 * @param manifests those that are in it, and what their indexes list, as far as that is in it
 * @param entries the name of the file that a blob is in
 * @param leftOut manifests that its maker says are known where it goes
 * @param isRebuilt whether the manifests were made here of what the archive says in another way
 */
record ArchiveContents(
        List<ArchivedImage> images,
        List<String> unreadable,
        Map<Digest, Manifest> manifests,
        Function<Digest, String> entries,
        Set<Digest> leftOut,
        boolean isRebuilt) {}
