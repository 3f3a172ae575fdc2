package io.ociregistry.store.manifest.index;

import io.ociregistry.oci.Digest;
import java.util.HashSet;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A map from digests to file stamps that takes about 20 bytes an entry, less than a {@code HashMap}. Thread-safe. */
final class FileStamps {
    private static final int MIN_CAPACITY = 64;

    // All fields are guarded by "this". Open addressing with linear probing; at most two of three slots are used.
    private @Nullable Digest[] digests = new Digest[MIN_CAPACITY];
    private long[] fileStamps = new long[MIN_CAPACITY];
    private int size;

    synchronized int size() {
        return size;
    }

    synchronized OptionalLong get(Digest digest) {
        int slot = slot(digest);
        return digests[slot] == null ? OptionalLong.empty() : OptionalLong.of(fileStamps[slot]);
    }

    synchronized void put(Digest digest, long fileStamp) {
        int slot = slot(digest);
        if (digests[slot] == null) {
            digests[slot] = digest;
            size++;
        }
        fileStamps[slot] = fileStamp;
        if (size > digests.length / 3 * 2) {
            grow();
        }
    }

    synchronized void remove(Digest digest) {
        int slot = slot(digest);
        if (digests[slot] == null) {
            return;
        }
        digests[slot] = null;
        size--;
        // The entries behind it may move to the free slot.
        for (int next = after(slot); digests[next] != null; next = after(next)) {
            Digest moved = digests[next];
            digests[next] = null;
            int better = slot(moved);
            digests[better] = moved;
            fileStamps[better] = fileStamps[next];
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
        long[] oldFileStamps = fileStamps;
        digests = new Digest[old.length * 2];
        fileStamps = new long[old.length * 2];
        for (int i = 0; i < old.length; i++) {
            Digest digest = old[i];
            if (digest != null) {
                int slot = slot(digest);
                digests[slot] = digest;
                fileStamps[slot] = oldFileStamps[i];
            }
        }
    }

    /** Returns the slot of a digest, or the slot where it would be added. */
    private int slot(Digest digest) {
        int slot = Math.floorMod(digest.hashCode(), digests.length);
        while (digests[slot] != null && !digest.equals(digests[slot])) {
            slot = after(slot);
        }
        return slot;
    }

    private int after(int slot) {
        return (slot + 1) % digests.length;
    }
}
