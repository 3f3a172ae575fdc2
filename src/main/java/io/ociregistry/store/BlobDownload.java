package io.ociregistry.store;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * One blob that is arriving in a file, readable by any number of clients meanwhile.
 *
 * <p>There is no leading client: one receiver appends, hashes and publishes how far readers may go. What holds:
 *
 * <ol>
 *   <li>a slow or vanished client never slows or cancels the download;
 *   <li>the last byte and the end are withheld until the digest is verified: no client ever gets a complete wrong body;
 *   <li>the last byte waits for the digest, not for the disk: {@link #verify} releases the readers, the store forces and renames after it;
 *   <li>the file stays open for as long as somebody reads, so renaming or deleting it changes nothing for them;
 *   <li>every outcome, failures too, wakes all readers;
 *   <li>a reader behind a failure still gets what arrived before it, then the failure.
 * </ol>
 */
public final class BlobDownload {
    private final Digest digest;
    private final Path file;
    private final FileChannel channel;
    private final String look;
    /** Only the receiver's thread touches it. */
    private MessageDigest hash;

    // All below is guarded by "this".
    private final List<Waiter> waiters = new ArrayList<>();
    private long received;
    private OptionalLong size;
    private boolean verified;
    private @Nullable RegistryException failure;
    /** How often it started over. Who read bytes of an earlier start can't be served by a later one. */
    private int starts;

    /** The receiver counts as one. */
    private int users = 1;

    private BlobDownload(Digest digest, Path file, FileChannel channel, OptionalLong size, String look) {
        this.digest = digest;
        this.file = file;
        this.channel = channel;
        this.size = size;
        this.look = look;
        this.hash = digest.algorithm().newHash();
    }

    /** Opens a file to receive into. */
    static BlobDownload receive(Digest digest, Path file) throws IOException {
        FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        return new BlobDownload(digest, file, channel, OptionalLong.empty(), "");
    }

    /** Opens a file that is there, to be checked like something that arrives. */
    static BlobDownload recheck(Digest digest, Path file) throws IOException {
        // Before it is opened: another file that takes its place meanwhile looks otherwise.
        String look = VerifiedIndex.look(file);
        FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
        try {
            return new BlobDownload(digest, file, channel, OptionalLong.of(channel.size()), look);
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    public Digest digest() {
        return digest;
    }

    Path file() {
        return file;
    }

    /** How the file looked before anything of it was read. */
    String look() {
        return look;
    }

    /** How many bytes are there; the next one to ask an upstream for. */
    public synchronized long received() {
        return received;
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

    /** A reader of its own for one client; empty once everybody has left and the file is closed. */
    public synchronized Optional<BlobSource> reader() {
        if (users == 0) {
            return Optional.empty();
        }
        users++;
        return Optional.of(new Reader());
    }

    /**
     * Receiver: appends what arrived.
     *
     * @throws RegistryException {@link ErrorCode#UPSTREAM_WRONG_CONTENT} if that is more than there can be
     * @throws IOException if the disk does not take it
     */
    public void append(ByteBuffer bytes) throws IOException {
        long position = received();
        int length = bytes.remaining();
        OptionalLong total = size();
        if (total.isPresent() && position + length > total.getAsLong()) {
            throw new RegistryException(
                    ErrorCode.UPSTREAM_WRONG_CONTENT,
                    "blob " + digest + ": more than the " + total.getAsLong() + " bytes announced arrived");
        }
        hash.update(bytes.duplicate());
        while (bytes.hasRemaining()) {
            position += channel.write(bytes, position);
        }
        advance(position);
    }

    /** Receiver: takes over what lies in the file already, up to a position, hashing it; nothing of it is trusted before the end. */
    void rehash(long upTo) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
        long position = 0;
        while (position < upTo) {
            buffer.clear();
            int count = channel.read(buffer.limit((int) Math.min(buffer.capacity(), upTo - position)), position);
            if (count < 0) {
                throw new IOException(file + " ended at " + position + " of " + upTo + " bytes");
            }
            hash.update(buffer.flip());
            position += count;
            advance(position);
        }
    }

    /**
     * Receiver: what arrived is wrong; starts over. Readers who have got some of it fail, the others wait for the new start.
     *
     * @throws IOException if the disk does not allow it
     */
    public void restart() throws IOException {
        hash = digest.algorithm().newHash();
        List<Waiter> all;
        synchronized (this) {
            received = 0;
            starts++;
            all = takeWaiters(Long.MAX_VALUE);
        }
        channel.truncate(0);
        all.forEach(waiter -> waiter.then().run());
    }

    /** Receiver: true if what is there already is the whole, though nobody may have told its size. */
    public boolean isWhole() {
        try {
            return Digest.finish(digest.algorithm(), (MessageDigest) hash.clone())
                    .equals(digest);
        } catch (CloneNotSupportedException e) {
            // Only other providers' hashes can't be cloned; then the upstream is asked for the rest of nothing.
            return false;
        }
    }

    /**
     * Receiver: all has arrived. Checks size and digest, and if they are right releases the last byte.
     *
     * @throws RegistryException {@link ErrorCode#UPSTREAM_WRONG_CONTENT} if they are not; the readers are not told yet
     */
    public void verify() {
        Digest actual = Digest.finish(digest.algorithm(), hash);
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
        all.forEach(waiter -> waiter.then().run());
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
        all.forEach(waiter -> waiter.then().run());
    }

    /** Receiver: makes sure the content is on the disk. */
    void force() throws IOException {
        channel.force(true);
    }

    /** Receiver: leaves. The file is closed when the last reader has left too. */
    public void release() {
        synchronized (this) {
            users--;
            if (users > 0) {
                return;
            }
        }
        try {
            channel.close();
        } catch (IOException e) {
            throw new IllegalStateException("closing " + file, e);
        }
    }

    private void advance(long position) {
        List<Waiter> served;
        synchronized (this) {
            received = position;
            served = takeWaiters(readable());
        }
        served.forEach(waiter -> waiter.then().run());
    }

    /** How far readers may go. Caller holds the lock. */
    private long readable() {
        if (verified) {
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

    private record Waiter(long position, Runnable then) {}

    /** One client's view of the download. */
    final class Reader implements BlobSource {
        private static final int UNREAD = -1;

        // Both are guarded by the download.
        private boolean open = true;
        private int startRead = UNREAD;

        @Override
        public Digest digest() {
            return digest;
        }

        @Override
        public OptionalLong size() {
            return BlobDownload.this.size();
        }

        @Override
        public int read(long position, ByteBuffer into) throws IOException {
            long available;
            synchronized (BlobDownload.this) {
                checkStart();
                available = readable() - position;
                if (available <= 0) {
                    return none();
                }
                startRead = starts;
            }
            int oldLimit = into.limit();
            into.limit((int) Math.min(oldLimit, into.position() + available));
            try {
                int count = channel.read(into, position);
                synchronized (BlobDownload.this) {
                    checkStart();
                }
                if (count < 0) {
                    // Not the end: -1 would say that the whole was verified.
                    throw new IOException(file + " was cut while it was read, before " + position);
                }
                return count;
            } finally {
                into.limit(oldLimit);
            }
        }

        /** Fails if what this reader has got, or gets just now, turned out to be wrong. Caller holds the lock. */
        private void checkStart() {
            if (startRead != UNREAD && startRead != starts) {
                throw new RegistryException(
                        ErrorCode.UPSTREAM_WRONG_CONTENT,
                        "blob " + digest + ": the first part that arrived was wrong; ask again");
            }
        }

        /** What a reader gets where nothing is. Caller holds the lock. */
        private int none() {
            if (failure != null) {
                throw failure;
            }
            return verified ? -1 : 0;
        }

        @Override
        public void whenReadable(long position, Runnable then) {
            synchronized (BlobDownload.this) {
                boolean current = startRead == UNREAD || startRead == starts;
                if (current && !verified && failure == null && position >= readable()) {
                    waiters.add(new Waiter(position, then));
                    return;
                }
            }
            then.run();
        }

        @Override
        public Optional<Path> localFile() {
            return Optional.empty();
        }

        @Override
        public void close() {
            synchronized (BlobDownload.this) {
                if (!open) {
                    return;
                }
                open = false;
            }
            release();
        }
    }
}
