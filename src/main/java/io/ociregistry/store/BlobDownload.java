package io.ociregistry.store;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Repository;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One blob that is arriving, readable by any number of clients meanwhile.
 *
 * <p>There is no leading client: one receiver appends, hashes and publishes how far readers may go. What holds:
 *
 * <ol>
 *   <li>a slow or vanished client never slows or cancels the download;
 *   <li>the last byte and the end are withheld until the digest is verified: no client ever gets a complete wrong body;
 *   <li>the last byte waits for the digest, not for the disk: {@link #verify} releases the readers, the store forces and renames after it;
 *   <li>the file stays open for as long as somebody reads, so renaming or deleting it changes nothing for them;
 *   <li>every outcome, failures too, wakes all readers;
 *   <li>a reader behind a failure still gets what arrived before it, then the failure;
 *   <li>what an earlier attempt left is read by nobody before it was found to be what had arrived then.
 * </ol>
 *
 * <p>Where the disk takes no more, the rest goes through a {@link Window} in memory and is not kept. There, and only there, the slowest reader
 * sets the pace; one that takes nothing for too long is given up, and who comes late needs a download of its own.
 */
public final class BlobDownload {
    private static final Logger LOG = LoggerFactory.getLogger(BlobDownload.class);
    private static final int BUFFER = 1 << 16;

    private final Digest digest;
    private final Duration patience;
    private final Runnable whenReleased;
    private final @Nullable PartialFile file;
    /** A part of a blob ends where it ends: nobody can verify it. */
    private final boolean part;

    /** Only the receiver's thread touches it. */
    private RunningHash hash;

    // All below is guarded by "this".
    private final List<Waiter> waiters = new ArrayList<>();
    private final List<DownloadReader> readers = new ArrayList<>();
    private boolean receiving = true;
    /** What has been hashed, and may be read. */
    private long received;
    /** What an earlier attempt left beyond that, and that has to be looked at yet. */
    private long unchecked;
    /** Where the file ends and the window begins, if there is one. */
    private long kept;

    private @Nullable Window window;
    private OptionalLong size;
    private boolean verified;
    private @Nullable RegistryException failure;
    /** How often it started over. Who read bytes of an earlier start can't be served by a later one. */
    private int starts;

    private BlobDownload(
            Digest digest,
            OptionalLong size,
            @Nullable PartialFile file,
            boolean part,
            Duration patience,
            Runnable whenReleased) {
        this.digest = digest;
        this.size = size;
        this.file = file;
        this.part = part;
        this.patience = patience;
        this.whenReleased = whenReleased;
        this.hash = new RunningHash(digest.algorithm());
    }

    /** Opens a file to receive into; the last two say how long a reader may stand still where it holds up others, and what is run at the end. */
    static BlobDownload receive(Digest digest, Path path, Repository source, Duration patience, Runnable whenReleased)
            throws IOException {
        PartialFile file = PartialFile.receive(path, source);
        BlobDownload download = new BlobDownload(digest, OptionalLong.empty(), file, false, patience, whenReleased);
        download.unchecked = file.size();
        return download;
    }

    /** Opens a file that is there, to be checked like something that arrives. */
    static BlobDownload recheck(Digest digest, Path path) throws IOException {
        PartialFile file = PartialFile.recheck(path);
        try {
            return new BlobDownload(digest, OptionalLong.of(file.size()), file, false, Duration.ZERO, () -> {});
        } catch (IOException e) {
            file.close();
            throw e;
        }
    }

    /** Receives without keeping anything. */
    static BlobDownload passing(Digest digest, Duration patience) {
        BlobDownload download = new BlobDownload(digest, OptionalLong.empty(), null, false, patience, () -> {});
        download.window = new Window(0);
        return download;
    }

    /** Receives a part of a blob of that size for one reader, without keeping or verifying anything. */
    static BlobDownload part(Digest digest, long size, long from, Duration patience) {
        BlobDownload download = new BlobDownload(digest, OptionalLong.of(size), null, true, patience, () -> {});
        download.received = from;
        download.kept = from;
        download.window = new Window(from);
        return download;
    }

    public Digest digest() {
        return digest;
    }

    /** The file that is received into or checked. */
    PartialFile file() {
        if (file == null) {
            throw new IllegalStateException("blob " + digest + " is not kept");
        }
        return file;
    }

    /** Where something of it may lie on the disk. */
    Optional<Path> path() {
        return Optional.ofNullable(file).map(PartialFile::path);
    }

    /** False if it only passes through: then there is nothing to become a part of the store. */
    public synchronized boolean isKept() {
        return window == null;
    }

    /** How many bytes are held; the next one to ask an upstream for. */
    public synchronized long held() {
        return Math.max(received, unchecked);
    }

    /** Bytes of the whole, as far as anybody told. */
    public synchronized OptionalLong size() {
        return size;
    }

    /** Takes over what is known of the size; the first to tell is believed, and the digest decides in the end. */
    public synchronized void expect(OptionalLong told) {
        if (size.isEmpty()) {
            size = told;
        }
    }

    /** A reader of its own for one client; empty once it is over and everybody has left, or where what a new reader needs is gone already. */
    public synchronized Optional<BlobSource> reader() {
        if (isClosed() || (window != null && !window.holds(kept))) {
            return Optional.empty();
        }
        DownloadReader reader = new DownloadReader(this, part ? kept : 0);
        readers.add(reader);
        return Optional.of(reader);
    }

    /**
     * Receiver: looks through what an earlier attempt left. Readers get it checkpoint by checkpoint.
     *
     * @return false if some of it is not what had arrived then; what comes before that is still held
     * @throws IOException if the disk does not allow it
     */
    public boolean recheck() throws IOException {
        if (held() == received()) {
            return true;
        }
        for (Checkpoints.Checkpoint checkpoint : file().checkpoints()) {
            RunningHash before = hash.copy();
            if (!hashTo(checkpoint.position()) || !hash.now().equals(checkpoint.digest())) {
                hash = before;
                setUnchecked(0);
                file().cut(received(), hash);
                LOG.warn("{}: the disk changed it after byte {}; fetching that again", file().path(), received());
                return false;
            }
            advance(checkpoint.position());
        }
        setUnchecked(0);
        return true;
    }

    /**
     * Receiver: appends what arrived. If the disk does not take it, it goes to the readers alone, as fast as they take it.
     *
     * @throws RegistryException {@link ErrorCode#UPSTREAM_WRONG_CONTENT} if that is more than there can be; {@link ErrorCode#STORE_FAILED} if it
     *     can't be kept and nobody reads; {@link ErrorCode#OVERLOADED} if this program is stopping
     */
    public void append(ByteBuffer bytes) {
        OptionalLong total = size();
        if (total.isPresent() && received() + bytes.remaining() > total.getAsLong()) {
            throw new RegistryException(
                    ErrorCode.UPSTREAM_WRONG_CONTENT,
                    "blob " + digest + ": more than the " + total.getAsLong() + " bytes announced arrived");
        }
        hash.state().update(bytes.duplicate());
        if (isKept()) {
            keep(bytes);
        }
        while (bytes.hasRemaining()) {
            passOn(bytes);
        }
    }

    /** Receiver: forces what arrived, and notes that it did; does nothing where it is not kept. */
    public void checkpoint() {
        try {
            if (isKept() && held() == received()) {
                file().checkpoint(received(), hash);
            }
        } catch (IOException e) {
            LOG.warn("noting how far {} got: {}", file().path(), e.toString());
        }
    }

    /** Receiver: takes over what lies in the file already, up to a position, hashing it; nothing of it is trusted before the end. */
    void rehash(long upTo) throws IOException {
        while (received() < upTo) {
            long next = Math.min(upTo, received() + BUFFER);
            if (!hashTo(next)) {
                throw new IOException(file().path() + " ended before " + next + " of " + upTo + " bytes");
            }
            advance(next);
        }
    }

    /**
     * Receiver: what arrived is wrong; starts over. Readers who have got some of it fail, the others wait for the new start. Only for a
     * download that {@link #isKept}.
     *
     * @throws IOException if the disk does not allow it
     */
    public void restart() throws IOException {
        hash = new RunningHash(digest.algorithm());
        List<Waiter> all;
        synchronized (this) {
            received = 0;
            unchecked = 0;
            starts++;
            all = takeWaiters(Long.MAX_VALUE);
        }
        file().cut(0, hash);
        wake(all);
    }

    /** Receiver: true if what is there already is the whole, though nobody may have told its size. */
    public boolean isWhole() {
        return hash.now().equals(digest);
    }

    /**
     * Receiver: all has arrived. Checks size and digest, and if they are right releases the last byte.
     *
     * @throws RegistryException {@link ErrorCode#UPSTREAM_WRONG_CONTENT} if they are not; the readers are not told yet
     */
    public void verify() {
        Digest actual = hash.now();
        OptionalLong total = size();
        if (!actual.equals(digest)) {
            String what = total.isPresent() && received() < total.getAsLong() ? "only part of it arrived, " : "";
            throw new RegistryException(
                    ErrorCode.UPSTREAM_WRONG_CONTENT,
                    "blob " + digest + ": " + what + "the " + received() + " bytes that arrived have the digest "
                            + actual);
        }
        List<Waiter> all;
        synchronized (this) {
            size = OptionalLong.of(received);
            verified = true;
            all = takeWaiters(Long.MAX_VALUE);
        }
        wake(all);
    }

    /** Receiver: nothing more will come. Does nothing after {@link #verify}. */
    public void fail(RegistryException cause) {
        List<Waiter> all;
        synchronized (this) {
            if (!verified && failure == null) {
                failure = cause;
            }
            all = takeWaiters(Long.MAX_VALUE);
        }
        wake(all);
    }

    /** Receiver: leaves. The file is closed when the last reader has left too. */
    public void release() {
        synchronized (this) {
            receiving = false;
        }
        whenReleased.run();
        closeIfOver();
    }

    // What readers call.

    int read(DownloadReader reader, long position, ByteBuffer into) throws IOException {
        int oldLimit = into.limit();
        try {
            Window passing = limit(reader, position, into);
            if (!into.hasRemaining()) {
                return nothing(position);
            }
            int count = passing == null ? file().read(into, position) : passing.read(position, into);
            if (count <= 0) {
                // Not the end: -1 would say that the whole was verified.
                throw new IOException("blob " + digest + " was cut while it was read, before " + position);
            }
            arrived(reader, position + count);
            return count;
        } finally {
            into.limit(oldLimit);
        }
    }

    /** Limits the buffer to what may be read from one place, and tells which: the window, or null for the file. */
    private synchronized @Nullable Window limit(DownloadReader reader, long position, ByteBuffer into) {
        check(reader);
        moved(reader, position);
        Window passing = position >= kept ? window : null;
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

    private synchronized void arrived(DownloadReader reader, long position) {
        check(reader);
        moved(reader, position);
    }

    /** What a reader gets where nothing is; it asks again if something has just come. */
    private synchronized int nothing(long position) {
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
                waiters.add(new Waiter(position, then));
                return;
            }
        }
        then.run();
    }

    synchronized long available() {
        return readable();
    }

    void left(DownloadReader reader) {
        synchronized (this) {
            readers.remove(reader);
            notifyAll();
        }
        closeIfOver();
    }

    /** Fails if what this reader has got, or gets just now, turned out to be wrong, or if it was given up. Caller holds the lock. */
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

    /** Caller holds the lock. */
    private void moved(DownloadReader reader, long position) {
        reader.moveTo(position);
        if (window != null) {
            notifyAll();
        }
    }

    // What the receiver does.

    private synchronized long received() {
        return received;
    }

    private synchronized void setUnchecked(long position) {
        unchecked = position;
    }

    /** Hashes the file on to a position; false if it ends before. */
    private boolean hashTo(long end) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
        for (long position = received(); position < end; ) {
            buffer.clear();
            int count = file().read(buffer.limit((int) Math.min(BUFFER, end - position)), position);
            if (count < 0) {
                return false;
            }
            hash.state().update(buffer.flip());
            position += count;
        }
        return true;
    }

    private void keep(ByteBuffer bytes) {
        long position = received();
        try {
            while (bytes.hasRemaining()) {
                position += file().write(bytes, position);
            }
            advance(position);
            file().checkpointIfDue(position, hash);
        } catch (ClosedChannelException e) {
            throw stopping(e);
        } catch (IOException e) {
            LOG.error(
                    "{} can't be kept, only passed on, since the cache's disk fails: {}", file().path(), e.toString());
            openWindow(position);
        }
    }

    private synchronized void openWindow(long position) {
        received = position;
        kept = position;
        window = new Window(position);
    }

    /** Puts into the window what there is room for, or waits for room. */
    private void passOn(ByteBuffer bytes) {
        List<Waiter> woken;
        synchronized (this) {
            long needed = needed();
            int count = window == null ? 0 : window.put(bytes, needed);
            if (count == 0) {
                awaitReaders(needed);
            }
            received += count;
            woken = takeWaiters(readable());
        }
        wake(woken);
    }

    /** The first byte that any reader still needs; who only waits for the end needs none. Caller holds the lock. */
    private long needed() {
        return readers.stream()
                .filter(reader -> reader.givenUp().isEmpty() && reader.needed() < size.orElse(BlobSource.END))
                .mapToLong(DownloadReader::needed)
                .min()
                .orElseThrow(() -> new RegistryException(
                        ErrorCode.STORE_FAILED,
                        "blob " + digest + ": it is not kept on disk, and nobody reads it any more"));
    }

    /** Waits until the slowest reader got on; gives it up if it does not. Caller holds the lock. */
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
            throw stopping(e);
        }
    }

    private void giveUp(long needed) {
        RegistryException tooSlow = new RegistryException(
                ErrorCode.STORE_FAILED,
                "blob " + digest + ": the cache's disk is full, so others wait for this client, which took nothing for "
                        + patience.toSeconds() + " s");
        readers.stream().filter(reader -> reader.needed() == needed).forEach(reader -> reader.giveUp(tooSlow));
    }

    private RegistryException stopping(Exception e) {
        return new RegistryException(
                ErrorCode.OVERLOADED, "blob " + digest + ": this server is stopping; ask again", e);
    }

    private void advance(long position) {
        List<Waiter> served;
        synchronized (this) {
            received = position;
            served = takeWaiters(readable());
        }
        wake(served);
    }

    // Shared.

    /** How far readers may go. Caller holds the lock. */
    private long readable() {
        if (verified || part) {
            return received;
        }
        return Math.max(0, size.isPresent() ? Math.min(received, size.getAsLong() - 1) : received - 1);
    }

    /** Takes those out who wait for something before that position. Caller holds the lock, and runs them after giving it back. */
    private List<Waiter> takeWaiters(long before) {
        if (waiters.isEmpty()) {
            return List.of();
        }
        List<Waiter> taken =
                waiters.stream().filter(waiter -> waiter.position() < before).toList();
        waiters.removeAll(taken);
        return taken;
    }

    private static void wake(List<Waiter> woken) {
        woken.forEach(waiter -> waiter.then().run());
    }

    /** Caller holds the lock. */
    private boolean isClosed() {
        return !receiving && readers.isEmpty();
    }

    private void closeIfOver() {
        synchronized (this) {
            if (!isClosed() || file == null) {
                return;
            }
        }
        try {
            file.close();
        } catch (IOException e) {
            throw new IllegalStateException("closing " + file.path(), e);
        }
    }

    private record Waiter(long position, Runnable then) {}
}
