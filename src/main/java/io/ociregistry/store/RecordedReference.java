package io.ociregistry.store;

import io.ociregistry.oci.ImageReference;
import java.time.Instant;

/**
 * A name of a manifest, with its times.
 *
 * @param created the time of the first pull by this name
 * @param pulled the time of the last pull by a client that is recorded
 * @param checked the time at which the upstream last confirmed that this name means this manifest; if two records have
 *     the same tag, the record with the later time owns it
 */
public record RecordedReference(ImageReference name, Instant created, Instant pulled, Instant checked) {
    /** Returns a new name that the upstream confirmed just now. */
    public static RecordedReference confirmed(ImageReference name, Instant now) {
        return new RecordedReference(name, now, now, now);
    }

    RecordedReference withName(ImageReference other) {
        return new RecordedReference(other, created, pulled, checked);
    }

    RecordedReference withConfirmation(Instant now) {
        return new RecordedReference(name, created, pulled, now);
    }

    RecordedReference withPull(Instant time) {
        return time.isAfter(pulled) ? new RecordedReference(name, created, time, checked) : this;
    }

    /** Merges this name with the same name in another record: the earliest creation, the latest pull and check. */
    RecordedReference mergedWith(RecordedReference other) {
        return new RecordedReference(
                name,
                created.isBefore(other.created) ? created : other.created,
                pulled.isAfter(other.pulled) ? pulled : other.pulled,
                checked.isAfter(other.checked) ? checked : other.checked);
    }
}
