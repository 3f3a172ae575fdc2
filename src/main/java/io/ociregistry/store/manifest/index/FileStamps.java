package io.ociregistry.store.manifest.index;

import io.ociregistry.oci.Digest;
import java.util.HashSet;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One number for each of many digests, at 20 bytes each: what a map of objects would cost is what there is to save here. */
final class FileStamps {
    private static final int LEAST = 64;

    // All are guarded by "this". Open addressing, linear probing; at most two of three places are taken.
    private @Nullable Digest[] digests = new Digest[LEAST];
    private long[] looks = new long[LEAST];
    private int size;

    synchronized int size() {
        return size;
    }

    synchronized OptionalLong get(Digest digest) {
        int place = place(digest);
        return digests[place] == null ? OptionalLong.empty() : OptionalLong.of(looks[place]);
    }

    synchronized void put(Digest digest, long look) {
        int place = place(digest);
        if (digests[place] == null) {
            digests[place] = digest;
            size++;
        }
        looks[place] = look;
        if (size > digests.length / 3 * 2) {
            grow();
        }
    }

    synchronized void remove(Digest digest) {
        int place = place(digest);
        if (digests[place] == null) {
            return;
        }
        digests[place] = null;
        size--;
        // What stands behind it may have its place now.
        for (int next = after(place); digests[next] != null; next = after(next)) {
            Digest moved = digests[next];
            digests[next] = null;
            int better = place(moved);
            digests[better] = moved;
            looks[better] = looks[next];
        }
    }

    synchronized Set<Digest> digests() {
        Set<Digest> all = new HashSet<>();
        for (Digest digest : digests) {
            if (digest != null) {
                all.add(digest);
            }
        }
        return all;
    }

    private void grow() {
        @Nullable Digest[] old = digests;
        long[] oldLooks = looks;
        digests = new Digest[old.length * 2];
        looks = new long[old.length * 2];
        for (int i = 0; i < old.length; i++) {
            Digest digest = old[i];
            if (digest != null) {
                int place = place(digest);
                digests[place] = digest;
                looks[place] = oldLooks[i];
            }
        }
    }

    /** Where it is, or would be. */
    private int place(Digest digest) {
        int place = Math.floorMod(digest.hashCode(), digests.length);
        while (digests[place] != null && !digest.equals(digests[place])) {
            place = after(place);
        }
        return place;
    }

    private int after(int place) {
        return (place + 1) % digests.length;
    }
}
