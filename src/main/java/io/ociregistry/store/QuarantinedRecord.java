package io.ociregistry.store;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import java.time.Instant;
import java.util.Map;
import java.util.Set;

/**
 * A corrupt record in quarantine whose manifest has no other record.
 *
 * <p>The manifest has to be fetched again. Until then, only this record says that its blobs are needed (ADR 28).
 *
 * @param digest the digest of the manifest, from the file name of the record
 * @param location the place of the record in quarantine, for the operator
 * @param referencedDigests the digests of the blobs and manifests that the record named; of a damaged record, every
 *     digest that can still be read in it, which may be too many
 * @param names the known names of the manifest, each with the time at which its upstream last confirmed it, or
 *     {@link Instant#MAX} if the time is not known
 */
public record QuarantinedRecord(
        Digest digest, String location, Set<Digest> referencedDigests, Map<ImageReference, Instant> names) {
    public QuarantinedRecord {
        referencedDigests = Set.copyOf(referencedDigests);
        names = Map.copyOf(names);
    }

    @Override
    public String toString() {
        return digest + ": its record is corrupt, and was moved to " + location;
    }
}
