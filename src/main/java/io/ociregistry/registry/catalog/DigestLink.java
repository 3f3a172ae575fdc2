package io.ociregistry.registry.catalog;

import io.ociregistry.oci.RegistryName;
import io.ociregistry.oci.Repository;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What one repository has to do with a digest, followed by what others have to do with it: an immutable list, most often of one, and small,
 * since there is one for every digest of the cache. Of several manifests that name a digest it only has the number, so that one can go.
 *
 * @param size bytes of a blob as manifests of the repository tell it, -1 if they don't; those that tell another have another claim
 * @param bits how many manifests of the repository name it so, the kind, and marks for what else is known
 */
record DigestLink(
        Repository repository,
        long size,
        int bits,
        @Nullable DigestLink next) {
    /** What the digest is of. */
    enum Kind {
        BLOB,
        MANIFEST
    }

    /** Its record has a name in that repository. */
    static final int RECORDED = 1;
    /** The repository's upstream sent it, or gave its word where that counts. */
    static final int CONFIRMED = 2;
    /** And it asked for no credentials when it did so. */
    static final int PUBLIC = 4;

    private static final int MARKS = RECORDED | CONFIRMED | PUBLIC;
    private static final int MANIFEST_BIT = 8;
    private static final int COUNT_SHIFT = 4;

    static final long UNKNOWN_SIZE = -1;

    private DigestLink(Repository repository, Kind kind, long size, int count, int marks, @Nullable DigestLink next) {
        this(repository, size, (count << COUNT_SHIFT) | (kind == Kind.MANIFEST ? MANIFEST_BIT : 0) | marks, next);
    }

    Kind kind() {
        return (bits & MANIFEST_BIT) == 0 ? Kind.BLOB : Kind.MANIFEST;
    }

    int count() {
        return bits >>> COUNT_SHIFT;
    }

    int marks() {
        return bits & MARKS;
    }

    /** All claims of a list; none of no list. */
    static Stream<DigestLink> each(@Nullable DigestLink first) {
        return Stream.iterate(first, claim -> claim != null, claim -> claim.next);
    }

    /** The first claim of a repository; null if it has none. */
    static @Nullable DigestLink of(@Nullable DigestLink first, Repository repository, Kind kind) {
        for (DigestLink claim = first; claim != null; claim = claim.next) {
            if (claim.isOf(repository, kind)) {
                return claim;
            }
        }
        return null;
    }

    /** One more manifest of the repository names it. */
    static DigestLink named(@Nullable DigestLink first, Repository repository, Kind kind, long size) {
        DigestLink same =
                find(first, claim -> claim.isOf(repository, kind) && (claim.count() == 0 || claim.size == size));
        if (same != null) {
            return new DigestLink(repository, kind, size, same.count() + 1, same.marks(), without(first, same));
        }
        DigestLink another = of(first, repository, kind);
        return new DigestLink(repository, kind, size, 1, another == null ? 0 : another.marks(), first);
    }

    /** One manifest of the repository less names it. */
    static @Nullable DigestLink unnamed(@Nullable DigestLink first, Repository repository, Kind kind, long size) {
        DigestLink same = find(first, claim -> claim.isOf(repository, kind) && claim.count() > 0 && claim.size == size);
        if (same == null) {
            return first;
        }
        DigestLink others = without(first, same);
        if (same.count() > 1) {
            return new DigestLink(repository, kind, size, same.count() - 1, same.marks(), others);
        }
        return same.marks() == 0 || of(others, repository, kind) != null
                ? others
                : new DigestLink(repository, kind, UNKNOWN_SIZE, 0, same.marks(), others);
    }

    /** The repository has those marks, whatever else. */
    static @Nullable DigestLink marked(@Nullable DigestLink first, Repository repository, Kind kind, int marks) {
        return of(first, repository, kind) == null
                ? new DigestLink(repository, kind, UNKNOWN_SIZE, 0, marks, first)
                : changed(first, claim -> claim.isOf(repository, kind), marks, 0);
    }

    /** The repository has none of those marks. */
    static @Nullable DigestLink unmarked(@Nullable DigestLink first, Repository repository, Kind kind, int marks) {
        return changed(first, claim -> claim.isOf(repository, kind), 0, marks);
    }

    /** No repository has any of those marks. */
    static @Nullable DigestLink unmarked(@Nullable DigestLink first, int marks) {
        return changed(first, claim -> true, 0, marks);
    }

    boolean is(int mark) {
        return (bits & mark) != 0;
    }

    /** True if a manifest names it. */
    boolean isNamed() {
        return count() > 0;
    }

    /** True if an upstream confirmed it, be it by sending a manifest. */
    boolean isConfirmed() {
        return is(RECORDED | CONFIRMED);
    }

    /** True if that registry confirmed the digest, or is the only one that ever named it. */
    static boolean isOwn(@Nullable DigestLink first, RegistryName registry) {
        boolean othersConfirmed = false;
        boolean othersNamed = false;
        boolean named = false;
        for (DigestLink claim = first; claim != null; claim = claim.next) {
            boolean own = claim.repository.registry().equals(registry);
            if (own && claim.isConfirmed()) {
                return true;
            }
            othersConfirmed |= !own && claim.isConfirmed();
            othersNamed |= !own && claim.isNamed();
            named |= own && claim.isNamed();
        }
        return named && !othersConfirmed && !othersNamed;
    }

    private boolean isOf(Repository other, Kind otherKind) {
        return kind() == otherKind && repository.equals(other);
    }

    private static @Nullable DigestLink find(@Nullable DigestLink first, Predicate<DigestLink> which) {
        return each(first).filter(which).findFirst().orElse(null);
    }

    @SuppressWarnings("ReferenceEquality") // the one that was found in this list
    private static @Nullable DigestLink without(@Nullable DigestLink first, DigestLink one) {
        DigestLink rest = null;
        for (DigestLink claim = first; claim != null; claim = claim.next) {
            if (claim != one) {
                rest = claim.before(rest);
            }
        }
        return rest;
    }

    private static @Nullable DigestLink changed(
            @Nullable DigestLink first, Predicate<DigestLink> which, int more, int less) {
        DigestLink rest = null;
        for (DigestLink claim = first; claim != null; claim = claim.next) {
            int changed = which.test(claim) ? (claim.marks() | more) & ~less : claim.marks();
            if (claim.count() > 0 || changed != 0) {
                rest = new DigestLink(claim.repository, claim.kind(), claim.size, claim.count(), changed, rest);
            }
        }
        return rest;
    }

    private DigestLink before(@Nullable DigestLink rest) {
        return new DigestLink(repository, size, bits, rest);
    }
}
