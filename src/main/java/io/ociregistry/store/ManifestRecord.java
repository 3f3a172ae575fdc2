package io.ociregistry.store;

import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.Repository;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * A manifest and every name it has: what one record on disk holds.
 *
 * @param references at least one
 */
public record ManifestRecord(Manifest manifest, List<RecordedReference> references) {
    /** What a manifest costs in memory beside its bytes: descriptors and digests, roughly. */
    private static final int OVERHEAD = 2048;

    private static final int PER_REFERENCE = 256;

    public ManifestRecord {
        references = List.copyOf(references);
    }

    /** Bytes it takes in memory, roughly. */
    public int weight() {
        return manifest.size() + OVERHEAD + PER_REFERENCE * references.size();
    }

    /** The same manifest with a name that its upstream confirmed just now, new or known. */
    public ManifestRecord confirmed(ImageReference name, Instant now) {
        List<RecordedReference> changed = new ArrayList<>();
        boolean known = false;
        for (RecordedReference reference : references) {
            boolean same = reference.name().equals(name);
            known |= same;
            changed.add(same ? reference.confirmedAgain(now) : reference);
        }
        if (!known) {
            changed.add(RecordedReference.confirmed(name, now));
        }
        return new ManifestRecord(manifest, changed);
    }

    /** The same without a name that is gone upstream. Its repository keeps the manifest, by its digest, until it is pruned. */
    public ManifestRecord without(ImageReference gone) {
        List<RecordedReference> changed = new ArrayList<>(references);
        changed.removeIf(reference -> reference.name().equals(gone));
        boolean kept = changed.stream().anyMatch(reference -> isIn(reference, gone.repository()));
        references.stream()
                .filter(reference -> !kept && reference.name().equals(gone))
                .map(reference -> reference.renamed(new ImageReference(gone.repository(), manifest.digest())))
                .forEach(changed::add);
        return new ManifestRecord(manifest, changed);
    }

    /** What this record and another one of the same manifest say. */
    public ManifestRecord and(ManifestRecord other) {
        Map<ImageReference, RecordedReference> all = new LinkedHashMap<>();
        Stream.concat(references.stream(), other.references.stream())
                .forEach(each -> all.merge(each.name(), each, RecordedReference::and));
        return new ManifestRecord(manifest, List.copyOf(all.values()));
    }

    /** The same with the times at which its names were pulled later, as far as somebody knows. */
    public ManifestRecord pulled(Function<Repository, Optional<Instant>> last) {
        return new ManifestRecord(
                manifest,
                references.stream()
                        .map(each -> last.apply(each.name().repository())
                                .map(each::pulledAt)
                                .orElse(each))
                        .toList());
    }

    private static boolean isIn(RecordedReference reference, Repository repository) {
        return reference.name().repository().equals(repository);
    }
}
