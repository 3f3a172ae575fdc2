package io.ociregistry.store;

import io.ociregistry.oci.Descriptor;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.MediaType;
import java.util.List;
import java.util.Optional;

/**
 * The part of a record that an index of all records needs: the names of the manifest, and the digests that it refers
 * to. The bytes of the manifest and its platforms are left out.
 *
 * @param digest the SHA-256 of the manifest
 * @param size size of the manifest in bytes
 * @param references the names of the manifest; at least one
 * @param children the manifests that an index lists
 * @param blobs config and layers, or the blobs of an artifact; a blob that is listed twice is contained twice
 * @param subject the manifest that this manifest refers to, as signatures do
 */
public record ManifestSummary(
        Digest digest,
        MediaType mediaType,
        int size,
        List<RecordedReference> references,
        List<Digest> children,
        List<Blob> blobs,
        Optional<Digest> subject) {

    /**
     * A blob that a manifest names.
     *
     * @param size size in bytes; -1 if the manifest does not state it
     * @param isForeign whether the blob is a foreign layer, which clients fetch from other servers; its absence from
     *     the cache is not a fault
     */
    public record Blob(Digest digest, long size, boolean isForeign) {}

    public ManifestSummary {
        references = List.copyOf(references);
        children = List.copyOf(children);
        blobs = List.copyOf(blobs);
    }

    /** Returns the summary of a record. */
    public static ManifestSummary of(ManifestRecord record) {
        Manifest manifest = record.manifest();
        return new ManifestSummary(
                manifest.digest(),
                manifest.mediaType(),
                manifest.size(),
                record.references(),
                manifest.children().stream().map(Descriptor::digest).toList(),
                manifest.blobs().stream().map(ManifestSummary::blob).toList(),
                manifest.subject().map(Descriptor::digest));
    }

    private static Blob blob(Descriptor blob) {
        return new Blob(blob.digest(), blob.size().orElse(-1), blob.isForeign());
    }
}
