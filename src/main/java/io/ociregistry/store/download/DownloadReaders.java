package io.ociregistry.store.download;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.store.BlobSource;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Who reads a download, how far they may go, and who waits for more: all that the receiver and the readers share, under one lock.
 *
 * <p>Whoever waits is woken outside of it.
 */
final class DownloadReaders {
    private final Digest digest;
    private final Duration patience;
    /** A part of a blob ends where it ends: nobody can verify it. */
    private final boolean part;

    // All below is guarded by "this".
    private final List<Waiter> waiters = new ArrayList<>();
    private final List<DownloadReader> readers = new ArrayList<>();
    private boolean receiving = true;
    /** What has been hashed, and may be read. */
    private long received;
    /** What an earlier attempt left, and is about to be looked through. */
    private long promised;
    /** Where the file ends and the window begins, if there is one. */
    private long kept;

    private @Nullable PassThroughBuffer window;
    private OptionalLong size = OptionalLong.empty();
    private boolean verified;
    private @Nullable RegistryException failure;
    /** How often it started over. Who read bytes of an earlier start can't be served by a later one. */
    private int starts;

    /** Of a download whose bytes are kept in a file. */
    DownloadReaders(Digest digest, Duration patience) {
        this(digest, patience, false);
    }

    private DownloadReaders(Digest digest, Duration patience, boolean part) {
        this.digest = digest;
        this.patience = patience;
        this.part = part;
    }

    /** Of a part of a blob, which is not kept. */
    static DownloadReaders ofPart(Digest digest, long from, Duration patience) {
        DownloadReaders audience = new DownloadReaders(digest, patience, true);
        audience.received = from;
        audience.openWindow(from);
        return audience;
    }

    // What the receiver tells and asks.

    synchronized long received() {
        return received;
    }

    synchronized OptionalLong size() {
        return size;
    }

    /** The first to tell is believed. */
    synchronized void expect(OptionalLong told) {
        if (size.isEmpty()) {
            size = told;
        }
    }

    synchronized void forgetSize() {
        size = OptionalLong.empty();
    }

    /** So much is likely to be readable soon. */
    synchronized void promise(long position) {
        promised = position;
    }

    synchronized long promised() {
        return promised;
    }

    synchronized boolean isKept() {
        return window == null;
    }

    /** Readers may go up to there, but for the last byte. */
    void advance(long position) {
        List<Waiter> served;
        synchronized (this) {
            received = position;
            served = takeWaiters(readable());
        }
        wake(served);
    }

    /** From that position on nothing is kept. */
    synchronized void openWindow(long position) {
        kept = position;
        window = new PassThroughBuffer(position);
    }

    /** Gives bytes to the readers through the window, as fast as the slowest of them takes them. */
    void pass(ByteBuffer bytes) {
        while (bytes.hasRemaining()) {
            advance(received() + put(bytes));
        }
    }

    /** All that was received is wrong. */
    void restart() {
        List<Waiter> all;
        synchronized (this) {
            received = 0;
            promised = 0;
            starts++;
            all = takeWaiters(Long.MAX_VALUE);
        }
        wake(all);
    }

    /** All that was received is right, and is all. */
    void verified() {
        List<Waiter> all;
        synchronized (this) {
            size = OptionalLong.of(received);
            verified = true;
            all = takeWaiters(Long.MAX_VALUE);
        }
        wake(all);
    }

    /** Nothing more will come; does nothing if all has. */
    void fail(RegistryException cause) {
        List<Waiter> all;
        synchronized (this) {
            if (!verified && failure == null) {
                failure = cause;
            }
            all = takeWaiters(Long.MAX_VALUE);
        }
        wake(all);
    }

    synchronized void receiverLeft() {
        receiving = false;
    }

    /** True once everybody has left, for good. */
    synchronized boolean isOver() {
        return !receiving && readers.isEmpty();
    }

    // What readers tell and ask.

    /** False if it is over or failed, or if what a new reader needs is gone already. */
    synchronized boolean join(DownloadReader reader) {
        if (isOver() || failure != null || (window != null && !window.holds(kept))) {
            return false;
        }
        reader.moveTo(part ? kept : 0);
        readers.add(reader);
        return true;
    }

    synchronized void leave(DownloadReader reader) {
        readers.remove(reader);
        waiters.removeIf(waiter -> waiter.reader() == reader);
        notifyAll();
    }

    synchronized long available() {
        return Math.max(readable(), promised);
    }

    /** Limits the buffer to what may be read from one place, and tells which: the window, or null for the file. */
    synchronized @Nullable PassThroughBuffer limit(DownloadReader reader, long position, ByteBuffer into) {
        check(reader);
        moved(reader, position);
        PassThroughBuffer passing = position >= kept ? window : null;
        if (passing != null && !passing.holds(position)) {
            throw new RegistryException(
                    ErrorCode.STORE_FAILED,
                    "blob " + digest + ": the cache's disk is full, and byte " + position + " is gone; ask again");
        }
        long end = passing == null && window != null ? Math.min(kept, readable()) : readable();
        long count = Math.max(0, Math.min(into.remaining(), end - position));
        into.limit((int) (into.position() + count));
        if (count > 0) {
            reader.reads(starts);
        }
        return passing;
    }

    /** A reader has got what is before that position, and it was not taken back meanwhile. */
    synchronized void got(DownloadReader reader, long position) {
        check(reader);
        moved(reader, position);
    }

    /** What a reader gets where nothing was; it asks again if something has just come. */
    synchronized int nothing(long position) {
        if (position < readable()) {
            return 0;
        }
        if (failure != null) {
            throw failure;
        }
        return verified ? -1 : 0;
    }

    void whenReadable(DownloadReader reader, long position, Runnable then) {
        synchronized (this) {
            moved(reader, position);
            boolean hopeless = !reader.isOf(starts) || reader.givenUp().isPresent();
            if (!hopeless && !verified && failure == null && position >= readable()) {
                waiters.add(new Waiter(reader, position, then));
                return;
            }
        }
        then.run();
    }

    /** Fails if what this reader has got, or gets just now, turned out to be wrong, or if it was given up. */
    private void check(DownloadReader reader) {
        reader.givenUp().ifPresent(why -> {
            throw why;
        });
        if (!reader.isOf(starts)) {
            throw new RegistryException(
                    ErrorCode.UPSTREAM_WRONG_CONTENT,
                    "blob " + digest + ": the first part that arrived was wrong; ask again");
        }
    }

    private void moved(DownloadReader reader, long position) {
        reader.moveTo(position);
        if (window != null) {
            notifyAll();
        }
    }

    // The pace where nothing is kept. Callers hold the lock.

    /** Puts into the window what there is room for; where there is none, waits for some. */
    private synchronized int put(ByteBuffer bytes) {
        long needed = needed();
        int count = window == null ? 0 : window.put(bytes, needed);
        if (count == 0) {
            awaitReaders(needed);
        }
        return count;
    }

    /** The first byte that any reader still needs; who only waits for the end needs none. Where nobody is left, nobody can join any more. */
    private long needed() {
        OptionalLong first = readers.stream()
                .filter(reader -> reader.givenUp().isEmpty() && reader.needed() < size.orElse(BlobSource.END))
                .mapToLong(DownloadReader::needed)
                .min();
        if (first.isEmpty()) {
            failure = new RegistryException(
                    ErrorCode.STORE_FAILED,
                    "blob " + digest + ": it is not kept on disk, and nobody reads it any more");
            throw failure;
        }
        return first.getAsLong();
    }

    /** Waits until the slowest reader got on; gives it up if it does not. */
    private void awaitReaders(long needed) {
        long end = System.nanoTime() + patience.toNanos();
        try {
            while (needed() == needed) {
                long left = end - System.nanoTime();
                if (left <= 0) {
                    giveUp(needed);
                    return;
                }
                TimeUnit.NANOSECONDS.timedWait(this, left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw BlobDownload.stopping(digest, e);
        }
    }

    private void giveUp(long needed) {
        RegistryException tooSlow = new RegistryException(
                ErrorCode.STORE_FAILED,
                "blob " + digest + ": the cache's disk is full, so others wait for this client, which took nothing for "
                        + patience.toSeconds() + " s");
        readers.stream().filter(reader -> reader.needed() == needed).forEach(reader -> reader.giveUp(tooSlow));
    }

    /** How far readers may go. */
    private long readable() {
        if (verified || part) {
            return received;
        }
        return Math.max(0, size.isPresent() ? Math.min(received, size.getAsLong() - 1) : received - 1);
    }

    /** Takes those out who wait for something before that position, to be woken once the lock is given back. */
    private List<Waiter> takeWaiters(long before) {
        List<Waiter> taken = new ArrayList<>();
        waiters.removeIf(waiter -> waiter.position() < before && taken.add(waiter));
        return taken;
    }

    private static void wake(List<Waiter> woken) {
        woken.forEach(waiter -> waiter.then().run());
    }

    private record Waiter(DownloadReader reader, long position, Runnable then) {}
}
