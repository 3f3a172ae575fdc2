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
 * The content of one record on disk: a manifest with all its names and times. Immutable.
 *
 * @param references the names of the manifest; at least one
 */
public record ManifestRecord(Manifest manifest, List<RecordedReference> references) {
    /** An estimate of the memory for the descriptors and digests of a manifest, in bytes. */
    private static final int OVERHEAD = 2048;

    private static final int PER_REFERENCE = 256;

    public ManifestRecord {
        references = List.copyOf(references);
    }

    /** Returns an estimate of the memory that this record takes, in bytes. */
    public int weight() {
        return manifest.size() + OVERHEAD + PER_REFERENCE * references.size();
    }

    /** Returns this record with a new or known name that the upstream confirmed just now. */
    public ManifestRecord withConfirmed(ImageReference name, Instant now) {
        List<RecordedReference> changed = new ArrayList<>();
        boolean known = false;
        for (RecordedReference reference : references) {
            boolean same = reference.name().equals(name);
            known |= same;
            changed.add(same ? reference.withConfirmation(now) : reference);
        }
        if (!known) {
            changed.add(RecordedReference.confirmed(name, now));
        }
        return new ManifestRecord(manifest, changed);
    }

    /**
     * Returns this record without a name that the upstream no longer has. If it was the last name in its repository,
     * the digest replaces it, so that the repository keeps the manifest until it is pruned.
     */
    public ManifestRecord without(ImageReference gone) {
        List<RecordedReference> changed = new ArrayList<>(references);
        changed.removeIf(reference -> reference.name().equals(gone));
        boolean kept = changed.stream().anyMatch(reference -> isIn(reference, gone.repository()));
        references.stream()
                .filter(reference -> !kept && reference.name().equals(gone))
                .map(reference -> reference.withName(new ImageReference(gone.repository(), manifest.digest())))
                .forEach(changed::add);
        return new ManifestRecord(manifest, changed);
    }

    /** Returns a record with the names of this record and of another record of the same manifest. */
    public ManifestRecord mergedWith(ManifestRecord other) {
        Map<ImageReference, RecordedReference> all = new LinkedHashMap<>();
        Stream.concat(references.stream(), other.references.stream())
                .forEach(each -> all.merge(each.name(), each, RecordedReference::mergedWith));
        return new ManifestRecord(manifest, List.copyOf(all.values()));
    }

    /**
     * Returns this record with later pull times.
     *
     * @param last the time of the last pull from a repository, if it is known
     */
    public ManifestRecord withPullTimes(Function<Repository, Optional<Instant>> last) {
        return new ManifestRecord(
                manifest,
                references.stream()
                        .map(each -> last.apply(each.name().repository())
                                .map(each::withPull)
                                .orElse(each))
                        .toList());
    }

    private static boolean isIn(RecordedReference reference, Repository repository) {
        return reference.name().repository().equals(repository);
    }
}
