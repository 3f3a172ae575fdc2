package io.ociregistry.store.disk;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * A set of texts that only grows, of which it keeps 64 bits each: about 12 bytes a text, where the texts themselves take hundreds. Looking something
 * up takes no lock. Two texts may have the same fingerprint, which nobody meets who does not look for them.
 */
public final class HashSet64 {
    private static final int LEAST = 64;
    /** What an empty place holds. */
    private static final long NONE = 0;

    /** Open addressing, linear probing; at most three of four places are taken. Written while "this" is locked. */
    private volatile AtomicLongArray table = new AtomicLongArray(LEAST);
    /** Guarded by "this". */
    private int size;

    /** FNV-1a, and a last mix, so that sums of some differ too. */
    public static long of(String text) {
        long hash = 0xcbf29ce484222325L;
        for (int i = 0; i < text.length(); i++) {
            hash = (hash ^ text.charAt(i)) * 0x100000001b3L;
        }
        hash = (hash ^ (hash >>> 32)) * 0xd6e8feb86659fd93L;
        return hash ^ (hash >>> 32);
    }

    boolean contains(String text) {
        long print = print(text);
        AtomicLongArray now = table;
        return now.getAcquire(place(now, print)) == print;
    }

    /** True if it was not there. */
    synchronized boolean add(String text) {
        if (!put(table, print(text))) {
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
            long print = old.getPlain(i);
            if (print != NONE) {
                put(larger, print);
            }
        }
        table = larger;
    }

    private static boolean put(AtomicLongArray table, long print) {
        int place = place(table, print);
        return table.getPlain(place) == NONE && table.compareAndSet(place, NONE, print);
    }

    /** Where it is, or would be. */
    private static int place(AtomicLongArray table, long print) {
        int place = Math.floorMod(Long.hashCode(print), table.length());
        for (long there = table.getAcquire(place); there != NONE && there != print; there = table.getAcquire(place)) {
            place = (place + 1) % table.length();
        }
        return place;
    }

    private static long print(String text) {
        long print = of(text);
        return print == NONE ? 1 : print;
    }
}
