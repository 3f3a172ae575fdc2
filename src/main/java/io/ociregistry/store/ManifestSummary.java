package io.ociregistry.store;

import io.ociregistry.oci.Descriptor;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.MediaType;
import java.util.List;
import java.util.Optional;

/**
 * What an index of the records has to know of one: its names, and what it refers to. Not its bytes, nor what it says of platforms.
 *
 * @param digest the SHA-256 of the manifest
 * @param size bytes of the manifest
 * @param references every name of it; at least one
 * @param children the manifests that it lists, if it is an index
 * @param blobs config and layers, or the blobs of an artifact; each as often as it is listed
 * @param subject what it refers to, as signatures do
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
     * @param size bytes; -1 if the manifest does not say
     * @param isForeign whether registries need not have it: clients fetch it from elsewhere, and it is not missed here
     */
    public record Blob(Digest digest, long size, boolean isForeign) {}

    public ManifestSummary {
        references = List.copyOf(references);
        children = List.copyOf(children);
        blobs = List.copyOf(blobs);
    }

    /** What a record says. */
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
        return new Blob(blob.digest(), blob.size(), blob.isForeign());
    }
}
