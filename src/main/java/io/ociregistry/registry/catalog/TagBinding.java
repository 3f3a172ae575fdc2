package io.ociregistry.registry.catalog;

import io.ociregistry.oci.Digest;
import java.time.Instant;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a name means, followed by what else has a record that claims it: an immutable list. The one whose upstream confirmed it last is first; of
 * two at the same moment always the same one.
 */
public record TagBinding(
        Digest digest, long seconds, int nanos, @Nullable TagBinding next) {
    /** All claims to a name, the one that counts first; none of no list. */
    static Stream<TagBinding> each(@Nullable TagBinding first) {
        return Stream.iterate(first, named -> named != null, named -> named.next);
    }

    /** The list with a claim, new or known, that was confirmed then. */
    public static TagBinding claimed(@Nullable TagBinding first, Digest digest, Instant checked) {
        Instant known = each(first)
                .filter(named -> named.digest.equals(digest))
                .map(TagBinding::checked)
                .findFirst()
                .orElse(checked);
        Instant last = known.isAfter(checked) ? known : checked;
        return insert(without(first, digest), new TagBinding(digest, last.getEpochSecond(), last.getNano(), null));
    }

    /** The list with a claim that was confirmed then, if there is one. */
    static TagBinding refreshed(TagBinding first, Digest digest, Instant checked) {
        return each(first).anyMatch(named -> named.digest.equals(digest)) ? claimed(first, digest, checked) : first;
    }

    /** The list without a claim; null if there is no other. */
    static @Nullable TagBinding without(@Nullable TagBinding first, Digest digest) {
        if (first == null || first.digest.equals(digest)) {
            return first == null ? null : first.next;
        }
        return first.before(without(first.next, digest));
    }

    Instant checked() {
        return Instant.ofEpochSecond(seconds, nanos);
    }

    private static TagBinding insert(@Nullable TagBinding first, TagBinding one) {
        if (first == null || one.comesBefore(first)) {
            return one.before(first);
        }
        return first.before(insert(first.next, one));
    }

    private boolean comesBefore(TagBinding other) {
        int compared = checked().compareTo(other.checked());
        return compared > 0 || (compared == 0 && digest.compareTo(other.digest) < 0);
    }

    private TagBinding before(@Nullable TagBinding rest) {
        return new TagBinding(digest, seconds, nanos, rest);
    }
}
