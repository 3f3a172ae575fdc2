package io.ociregistry.registry.index;

import io.ociregistry.oci.RegistryName;
import io.ociregistry.oci.Repository;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The link of one repository to a digest, and the rest of an immutable linked list with the links of other
 * repositories.
 *
 * <p>The cache has one such list for every digest, most often of one link, so a link is small. It counts the
 * manifests of the repository that name the digest instead of listing them, which is enough to remove one of them.
 *
 * @param size the size of the blob in the counted manifests, or -1 if unknown; manifests with another size are counted
 *     in another link of the same repository
 * @param bits the number of manifests of the repository that name the digest, the kind, and the flags
 * @param next the next link of the list; null at its end
 */
record DigestLink(
        Repository repository,
        long size,
        int bits,
        @Nullable DigestLink next) {
    /** The kind of content that a repository has under the digest. */
    enum Kind {
        BLOB,
        MANIFEST
    }

    /** The manifest's record has a name in the repository. */
    static final int RECORDED = 1;
    /** The repository's upstream sent the content, or gave a trusted answer that it has it. */
    static final int CONFIRMED = 2;
    /** The upstream that confirmed the content needed no credentials. */
    static final int PUBLIC = 4;

    private static final int FLAGS = RECORDED | CONFIRMED | PUBLIC;
    private static final int MANIFEST_BIT = 8;
    private static final int COUNT_SHIFT = 4;

    static final long UNKNOWN_SIZE = -1;

    private DigestLink(Repository repository, Kind kind, long size, int count, int flags, @Nullable DigestLink next) {
        this(repository, size, (count << COUNT_SHIFT) | (kind == Kind.MANIFEST ? MANIFEST_BIT : 0) | flags, next);
    }

    Kind kind() {
        return (bits & MANIFEST_BIT) == 0 ? Kind.BLOB : Kind.MANIFEST;
    }

    int references() {
        return bits >>> COUNT_SHIFT;
    }

    int flags() {
        return bits & FLAGS;
    }

    /** Returns all links of a list; none for null. */
    static Stream<DigestLink> stream(@Nullable DigestLink first) {
        return Stream.iterate(first, link -> link != null, link -> link.next);
    }

    /** Returns the first link of a repository; null if it has none of this kind. */
    static @Nullable DigestLink firstOf(@Nullable DigestLink first, Repository repository, Kind kind) {
        for (DigestLink link = first; link != null; link = link.next) {
            if (link.isOf(repository, kind)) {
                return link;
            }
        }
        return null;
    }

    /** Returns the list after one more manifest of the repository names the digest. */
    static DigestLink withReference(@Nullable DigestLink first, Repository repository, Kind kind, long size) {
        DigestLink found =
                find(first, link -> link.isOf(repository, kind) && (link.references() == 0 || link.size == size));
        if (found != null) {
            return new DigestLink(repository, kind, size, found.references() + 1, found.flags(), without(first, found));
        }
        DigestLink other = firstOf(first, repository, kind);
        return new DigestLink(repository, kind, size, 1, other == null ? 0 : other.flags(), first);
    }

    /** Returns the list after one manifest fewer of the repository names the digest; null if it is empty. */
    static @Nullable DigestLink withoutReference(
            @Nullable DigestLink first, Repository repository, Kind kind, long size) {
        DigestLink found =
                find(first, link -> link.isOf(repository, kind) && link.references() > 0 && link.size == size);
        if (found == null) {
            return first;
        }
        DigestLink others = without(first, found);
        if (found.references() > 1) {
            return new DigestLink(repository, kind, size, found.references() - 1, found.flags(), others);
        }
        return found.flags() == 0 || firstOf(others, repository, kind) != null
                ? others
                : new DigestLink(repository, kind, UNKNOWN_SIZE, 0, found.flags(), others);
    }

    /** Returns the list after these flags were added to the repository's links. */
    static @Nullable DigestLink withFlags(@Nullable DigestLink first, Repository repository, Kind kind, int flags) {
        return firstOf(first, repository, kind) == null
                ? new DigestLink(repository, kind, UNKNOWN_SIZE, 0, flags, first)
                : changed(first, link -> link.isOf(repository, kind), flags, 0);
    }

    /** Returns the list after these flags were removed from the repository's links; null if it is empty. */
    static @Nullable DigestLink withoutFlags(@Nullable DigestLink first, Repository repository, Kind kind, int flags) {
        return changed(first, link -> link.isOf(repository, kind), 0, flags);
    }

    /** Returns true if at least one of the flags is set. */
    boolean has(int flags) {
        return (bits & flags) != 0;
    }

    /** Returns true if a manifest of the repository names the digest. */
    boolean isReferenced() {
        return references() > 0;
    }

    /** Returns true if the repository's upstream confirmed the digest, or sent the manifest that has a record. */
    boolean isConfirmed() {
        return has(RECORDED | CONFIRMED);
    }

    /**
     * Returns true if the registry confirmed the digest, or named it while no other registry has named or confirmed
     * it.
     */
    static boolean mayShow(@Nullable DigestLink first, RegistryName registry) {
        boolean othersConfirmed = false;
        boolean othersNamed = false;
        boolean named = false;
        for (DigestLink link = first; link != null; link = link.next) {
            boolean own = link.repository.registry().equals(registry);
            if (own && link.isConfirmed()) {
                return true;
            }
            othersConfirmed |= !own && link.isConfirmed();
            othersNamed |= !own && link.isReferenced();
            named |= own && link.isReferenced();
        }
        return named && !othersConfirmed && !othersNamed;
    }

    private boolean isOf(Repository other, Kind otherKind) {
        return kind() == otherKind && repository.equals(other);
    }

    private static @Nullable DigestLink find(@Nullable DigestLink first, Predicate<DigestLink> filter) {
        return stream(first).filter(filter).findFirst().orElse(null);
    }

    @SuppressWarnings("ReferenceEquality") // the very link that was found in this list
    private static @Nullable DigestLink without(@Nullable DigestLink first, DigestLink removed) {
        DigestLink rest = null;
        for (DigestLink link = first; link != null; link = link.next) {
            if (link != removed) {
                rest = link.before(rest);
            }
        }
        return rest;
    }

    private static @Nullable DigestLink changed(
            @Nullable DigestLink first, Predicate<DigestLink> filter, int added, int removed) {
        DigestLink rest = null;
        for (DigestLink link = first; link != null; link = link.next) {
            int changed = filter.test(link) ? (link.flags() | added) & ~removed : link.flags();
            if (link.references() > 0 || changed != 0) {
                rest = new DigestLink(link.repository, link.kind(), link.size, link.references(), changed, rest);
            }
        }
        return rest;
    }

    private DigestLink before(@Nullable DigestLink rest) {
        return new DigestLink(repository, size, bits, rest);
    }
}
