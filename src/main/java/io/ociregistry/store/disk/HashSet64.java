package io.ociregistry.store.disk;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * A growing set of strings that stores only a 64-bit hash of each: about 12 bytes instead of the string itself.
 *
 * <p>Two strings may have the same hash; collisions are only likely if they are constructed on purpose. Thread-safe;
 * {@link #contains} takes no lock.
 */
public final class HashSet64 {
    private static final int INITIAL_CAPACITY = 64;
    /** The content of an empty slot. */
    private static final long EMPTY = 0;

    /** Open addressing with linear probing; at most 3/4 of the slots are used. Written under the lock of "this". */
    private volatile AtomicLongArray table = new AtomicLongArray(INITIAL_CAPACITY);
    /** Guarded by "this". */
    private int size;

    /** Returns the FNV-1a hash with a final mix, so that sums of hashes differ too. */
    public static long hash(String text) {
        long hash = 0xcbf29ce484222325L;
        for (int i = 0; i < text.length(); i++) {
            hash = (hash ^ text.charAt(i)) * 0x100000001b3L;
        }
        hash = (hash ^ (hash >>> 32)) * 0xd6e8feb86659fd93L;
        return hash ^ (hash >>> 32);
    }

    boolean contains(String text) {
        long hash = nonEmptyHash(text);
        AtomicLongArray current = table;
        return current.getAcquire(slot(current, hash)) == hash;
    }

    /** Adds a string; returns true if it was not in the set. */
    synchronized boolean add(String text) {
        if (!put(table, nonEmptyHash(text))) {
            return false;
        }
        size++;
        if (size > table.length() / 4 * 3) {
            grow();
        }
        return true;
    }

    synchronized int size() {
        return size;
    }

    private void grow() {
        AtomicLongArray old = table;
        AtomicLongArray larger = new AtomicLongArray(old.length() / 2 * 3);
        for (int i = 0; i < old.length(); i++) {
            long hash = old.getPlain(i);
            if (hash != EMPTY) {
                put(larger, hash);
            }
        }
        table = larger;
    }

    private static boolean put(AtomicLongArray table, long hash) {
        int slot = slot(table, hash);
        return table.getPlain(slot) == EMPTY && table.compareAndSet(slot, EMPTY, hash);
    }

    /** Returns the slot that contains a hash, or the empty slot in which it belongs. */
    private static int slot(AtomicLongArray table, long hash) {
        int slot = Math.floorMod(Long.hashCode(hash), table.length());
        for (long found = table.getAcquire(slot); found != EMPTY && found != hash; found = table.getAcquire(slot)) {
            slot = (slot + 1) % table.length();
        }
        return slot;
    }

    private static long nonEmptyHash(String text) {
        long hash = hash(text);
        return hash == EMPTY ? 1 : hash;
    }
}
