package io.ociregistry.store;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.Set;

/**
 * A record that was bad and is in quarantine, and that nothing has taken the place of: its manifest is to be fetched again, and until then
 * nobody else says that its blobs are needed.
 *
 * @param digest of the manifest, as its file was named
 * @param file where the record is now
 * @param named what it named, blobs and manifests, as far as anything tells: rather more than that than less
 * @param names the names that the manifest had, as far as anything tells, and when its upstream last confirmed each of
 *     them; {@link Instant#MAX} if that is not known
 */
public record QuarantinedRecord(Digest digest, Path file, Set<Digest> named, Map<ImageReference, Instant> names) {
    public QuarantinedRecord {
        named = Set.copyOf(named);
        names = Map.copyOf(names);
    }

    @Override
    public String toString() {
        return digest + ": its record was bad and is now " + file;
    }
}
