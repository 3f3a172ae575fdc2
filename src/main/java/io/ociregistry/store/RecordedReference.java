package io.ociregistry.store;

import io.ociregistry.oci.ImageReference;
import java.time.Instant;

/**
 * One name that a manifest has.
 *
 * @param created when it was pulled under this name first
 * @param pulled when a client got it last, as far as that was written down
 * @param checked when its upstream last confirmed that this name means this manifest; of two manifests that claim one tag, the one with the
 *     newer time has it
 */
public record RecordedReference(ImageReference name, Instant created, Instant pulled, Instant checked) {
    /** A name that an upstream gave just now. */
    public static RecordedReference confirmed(ImageReference name, Instant now) {
        return new RecordedReference(name, now, now, now);
    }

    RecordedReference renamed(ImageReference other) {
        return new RecordedReference(other, created, pulled, checked);
    }

    RecordedReference confirmedAgain(Instant now) {
        return new RecordedReference(name, created, pulled, now);
    }

    RecordedReference pulledAt(Instant time) {
        return time.isAfter(pulled) ? new RecordedReference(name, created, time, checked) : this;
    }

    /** What two records of one manifest say of a name. */
    RecordedReference and(RecordedReference other) {
        return new RecordedReference(
                name,
                created.isBefore(other.created) ? created : other.created,
                pulled.isAfter(other.pulled) ? pulled : other.pulled,
                checked.isAfter(other.checked) ? checked : other.checked);
    }
}
