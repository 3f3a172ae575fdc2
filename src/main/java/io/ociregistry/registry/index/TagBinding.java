package io.ociregistry.registry.index;

import io.ociregistry.oci.Digest;
import java.time.Instant;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The manifest that a name means, and the rest of an immutable linked list with the other manifests whose records
 * claim it.
 *
 * <p>The claim that an upstream confirmed last is the first. Claims confirmed at the same moment are in the order
 * of their digests, so that the result does not depend on the order of reading.
 *
 * @param digest the SHA-256 digest of the manifest
 * @param seconds the seconds of the time of the last confirmation
 * @param nanos the nanoseconds of that time
 * @param next the next claim of the list; null at its end
 */
public record TagBinding(
        Digest digest, long seconds, int nanos, @Nullable TagBinding next) {
    /** Returns all claims to a name, the one that counts first; none for null. */
    static Stream<TagBinding> stream(@Nullable TagBinding first) {
        return Stream.iterate(first, claim -> claim != null, claim -> claim.next);
    }

    /** Returns the list with a claim, new or known, that was confirmed at this time or later. */
    public static TagBinding withClaim(@Nullable TagBinding first, Digest digest, Instant checked) {
        Instant known = stream(first)
                .filter(claim -> claim.digest.equals(digest))
                .map(TagBinding::lastConfirmed)
                .findFirst()
                .orElse(checked);
        Instant last = known.isAfter(checked) ? known : checked;
        return insert(withoutClaim(first, digest), new TagBinding(digest, last.getEpochSecond(), last.getNano(), null));
    }

    /** Returns the list with a later confirmation of a claim; the same list if it has no such claim. */
    static TagBinding withConfirmation(TagBinding first, Digest digest, Instant checked) {
        return stream(first).anyMatch(claim -> claim.digest.equals(digest)) ? withClaim(first, digest, checked) : first;
    }

    /** Returns the list without a claim; null if it has no other. */
    static @Nullable TagBinding withoutClaim(@Nullable TagBinding first, Digest digest) {
        if (first == null || first.digest.equals(digest)) {
            return first == null ? null : first.next;
        }
        return first.before(withoutClaim(first.next, digest));
    }

    Instant lastConfirmed() {
        return Instant.ofEpochSecond(seconds, nanos);
    }

    private static TagBinding insert(@Nullable TagBinding first, TagBinding added) {
        if (first == null || added.comesBefore(first)) {
            return added.before(first);
        }
        return first.before(insert(first.next, added));
    }

    private boolean comesBefore(TagBinding other) {
        int compared = lastConfirmed().compareTo(other.lastConfirmed());
        return compared > 0 || (compared == 0 && digest.compareTo(other.digest) < 0);
    }

    private TagBinding before(@Nullable TagBinding rest) {
        return new TagBinding(digest, seconds, nanos, rest);
    }
}
