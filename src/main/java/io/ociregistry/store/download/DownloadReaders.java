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
 * The readers of a download, with the position up to which they may read and their callbacks.
 *
 * <p>The receiver and the readers share this state under one lock. Callbacks run without the lock.
 */
final class DownloadReaders {
    private final Digest digest;
    private final Duration stallTimeout;
    /** True for a part of a blob: it can't be verified, so all of its bytes are readable. */
    private final boolean part;

    // All fields below are guarded by "this".
    private final List<Waiter> waiters = new ArrayList<>();
    private final List<DownloadReader> readers = new ArrayList<>();
    private boolean receiving = true;
    /** Position up to which bytes arrived. Readers may read them, except the last byte of the blob. */
    private long received;
    /** Position up to which the bytes of an earlier attempt are about to be verified. */
    private long recoverableTo;
    /** Position at which the file ends and the pass-through buffer starts, if there is one. */
    private long fileEnd;

    private @Nullable PassThroughBuffer passThrough;
    private OptionalLong size = OptionalLong.empty();
    private boolean verified;
    private @Nullable RegistryException failure;
    /** The number of restarts. A reader that read bytes before a restart can't read those after it. */
    private int attempt;

    /** The readers of a download that writes to a file. */
    DownloadReaders(Digest digest, Duration stallTimeout) {
        this(digest, stallTimeout, false);
    }

    private DownloadReaders(Digest digest, Duration stallTimeout, boolean part) {
        this.digest = digest;
        this.stallTimeout = stallTimeout;
        this.part = part;
    }

    /** Returns the readers of a part of a blob, which is not stored. */
    static DownloadReaders ofRange(Digest digest, long from, Duration stallTimeout) {
        DownloadReaders readers = new DownloadReaders(digest, stallTimeout, true);
        readers.received = from;
        readers.startPassThrough(from);
        return readers;
    }

    // Called by the receiver.

    synchronized long received() {
        return received;
    }

    synchronized OptionalLong size() {
        return size;
    }

    /** Sets the size unless it is known already. */
    synchronized void expectSize(OptionalLong expected) {
        if (size.isEmpty()) {
            size = expected;
        }
    }

    synchronized void forgetSize() {
        size = OptionalLong.empty();
    }

    /** Sets the position up to which the bytes of an earlier attempt are likely to be readable soon. */
    synchronized void setRecoverableTo(long position) {
        recoverableTo = position;
    }

    synchronized long recoverableTo() {
        return recoverableTo;
    }

    synchronized boolean isWrittenToDisk() {
        return passThrough == null;
    }

    /**
     * Makes the bytes up to a position readable, except the last byte, and wakes the readers that wait for them. At the
     * end of the blob it wakes none, because the receiver verifies the blob next, and that wakes them for all bytes.
     */
    void advance(long position) {
        List<Waiter> served;
        synchronized (this) {
            received = position;
            boolean isEnd = !part && size.isPresent() && position >= size.getAsLong();
            served = isEnd ? List.of() : takeWaiters(readable());
        }
        wake(served);
    }

    /** Passes all bytes from a position on through a buffer, without storing them. */
    synchronized void startPassThrough(long position) {
        fileEnd = position;
        passThrough = new PassThroughBuffer(position);
    }

    /** Gives bytes to the readers through the buffer, and waits for the slowest reader while the buffer is full. */
    void passThrough(ByteBuffer bytes) {
        while (bytes.hasRemaining()) {
            advance(received() + put(bytes));
        }
    }

    /** Withdraws all bytes, because they are wrong. */
    void restart() {
        List<Waiter> all;
        synchronized (this) {
            received = 0;
            recoverableTo = 0;
            attempt++;
            all = takeWaiters(Long.MAX_VALUE);
        }
        wake(all);
    }

    /** Releases the last byte and the end, because the digest of all bytes matches. */
    void verified() {
        List<Waiter> all;
        synchronized (this) {
            size = OptionalLong.of(received);
            verified = true;
            all = takeWaiters(Long.MAX_VALUE);
        }
        wake(all);
    }

    /** Ends the download with an error for all readers; does nothing after {@link #verified}. */
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

    /** Returns true once the receiver and all readers have left; no reader can join any more. */
    synchronized boolean isUnused() {
        return !receiving && readers.isEmpty();
    }

    // Called by readers.

    /** Adds a reader; false if all have left, if the download failed, or if bytes that the reader needs are gone. */
    synchronized boolean join(DownloadReader reader) {
        if (isUnused() || failure != null || (passThrough != null && !passThrough.canServe(fileEnd))) {
            return false;
        }
        reader.moveTo(part ? fileEnd : 0);
        readers.add(reader);
        return true;
    }

    synchronized void leave(DownloadReader reader) {
        readers.remove(reader);
        waiters.removeIf(waiter -> waiter.reader() == reader);
        notifyAll();
    }

    synchronized long available() {
        return Math.max(readable(), recoverableTo);
    }

    /**
     * Limits a buffer to the bytes that can be read at a position from the file or from the pass-through buffer.
     *
     * @return the pass-through buffer to read from; null to read from the file
     */
    synchronized @Nullable PassThroughBuffer limit(DownloadReader reader, long position, ByteBuffer into) {
        check(reader);
        updatePosition(reader, position);
        PassThroughBuffer passing = position >= fileEnd ? passThrough : null;
        if (passing != null && !passing.canServe(position)) {
            throw new RegistryException(
                    ErrorCode.STORE_FAILED,
                    "blob " + digest + ": this blob is not stored on disk, and byte " + position
                            + " is no longer in memory; ask again");
        }
        long end = passing == null && passThrough != null ? Math.min(fileEnd, readable()) : readable();
        long count = Math.max(0, Math.min(into.remaining(), end - position));
        into.limit((int) (into.position() + count));
        if (count > 0) {
            reader.setGeneration(attempt);
        }
        return passing;
    }

    /**
     * Notes that a reader has read the bytes before a position.
     *
     * @throws RegistryException if these bytes were withdrawn in the meantime, or the reader was dropped
     */
    synchronized void afterRead(DownloadReader reader, long position) {
        check(reader);
        updatePosition(reader, position);
    }

    /**
     * Returns the result of a read for which no bytes were readable: 0, or -1 at the end. A reader retries after 0 if
     * data arrived in the meantime.
     */
    synchronized int emptyRead(long position) {
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
            updatePosition(reader, position);
            boolean isFailed =
                    !reader.canReadGeneration(attempt) || reader.dropCause().isPresent();
            if (!isFailed && !verified && failure == null && position >= readable()) {
                waiters.add(new Waiter(reader, position, then));
                return;
            }
        }
        then.run();
    }

    /** Throws if this reader has read bytes that turned out to be wrong, or if it was dropped. */
    private void check(DownloadReader reader) {
        reader.dropCause().ifPresent(cause -> {
            throw cause;
        });
        if (!reader.canReadGeneration(attempt)) {
            throw new RegistryException(
                    ErrorCode.UPSTREAM_WRONG_CONTENT,
                    "blob " + digest + ": the first bytes that arrived were wrong; ask again");
        }
    }

    private void updatePosition(DownloadReader reader, long position) {
        reader.moveTo(position);
        if (passThrough != null) {
            notifyAll();
        }
    }

    // Waiting for the slowest reader of a pass-through download. Callers hold the lock.

    /** Puts as many bytes into the buffer as fit; waits for readers if none fit. */
    private synchronized int put(ByteBuffer bytes) {
        long needed = needed();
        int count = passThrough == null ? 0 : passThrough.put(bytes, needed);
        if (count == 0) {
            awaitReaders(needed);
        }
        return count;
    }

    /**
     * Returns the first byte that any reader still needs. A reader that only waits for the end needs none. If no reader
     * needs a byte, the download fails, so that no reader can join any more.
     */
    private long needed() {
        OptionalLong first = readers.stream()
                .filter(reader -> reader.dropCause().isEmpty() && reader.neededFrom() < size.orElse(BlobSource.END))
                .mapToLong(DownloadReader::neededFrom)
                .min();
        if (first.isEmpty()) {
            failure = new RegistryException(
                    ErrorCode.STORE_FAILED,
                    "blob " + digest + ": it is not stored on disk, and no client reads it any more");
            throw failure;
        }
        return first.getAsLong();
    }

    /** Waits until the slowest reader has read more, or drops it after the stall timeout. */
    private void awaitReaders(long needed) {
        long end = System.nanoTime() + stallTimeout.toNanos();
        try {
            while (needed() == needed) {
                long left = end - System.nanoTime();
                if (left <= 0) {
                    dropReaders(needed);
                    return;
                }
                TimeUnit.NANOSECONDS.timedWait(this, left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw LocalDownload.shuttingDown(digest, e);
        }
    }

    private void dropReaders(long needed) {
        RegistryException tooSlow = new RegistryException(
                ErrorCode.STORE_FAILED,
                "blob " + digest + ": this blob is not stored on disk, so its clients wait for each other, and this"
                        + " client read nothing for " + stallTimeout.toSeconds() + " s; ask again");
        readers.stream().filter(reader -> reader.neededFrom() == needed).forEach(reader -> reader.drop(tooSlow));
    }

    /** Returns the position up to which readers may read. */
    private long readable() {
        if (verified || part) {
            return received;
        }
        return Math.max(0, size.isPresent() ? Math.min(received, size.getAsLong() - 1) : received - 1);
    }

    /** Removes and returns the waiters for bytes before a position; the caller wakes them without the lock. */
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
