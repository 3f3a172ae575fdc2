package io.ociregistry.store.download;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.store.BlobSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** A reader of a download for one client, with its own position. */
final class DownloadReader implements BlobSource {
    private static final int UNREAD = -1;

    private final LocalDownload download;
    private final DownloadReaders readers;

    // All fields below are guarded by the DownloadReaders.
    private boolean open = true;
    private int attemptRead = UNREAD;
    private long needed;
    private @Nullable RegistryException dropped;

    DownloadReader(LocalDownload download, DownloadReaders readers) {
        this.download = download;
        this.readers = readers;
    }

    @Override
    public Digest digest() {
        return download.digest();
    }

    @Override
    public OptionalLong size() {
        return readers.size();
    }

    @Override
    public Origin origin() {
        return download.origin();
    }

    @Override
    public long available() {
        return readers.available();
    }

    @Override
    public long resumed() {
        return download.resumed();
    }

    @Override
    public int read(long position, ByteBuffer into) throws IOException {
        int oldLimit = into.limit();
        try {
            PassThroughBuffer passing = readers.limit(this, position, into);
            if (!into.hasRemaining()) {
                return readers.emptyRead(position);
            }
            int count = passing == null ? download.file().read(into, position) : passing.read(position, into);
            if (count <= 0) {
                // Not -1, which would mean that the whole blob was verified.
                throw new IOException("blob " + digest() + ": its file was truncated before byte " + position
                        + " while a client read it");
            }
            readers.afterRead(this, position + count);
            return count;
        } finally {
            into.limit(oldLimit);
        }
    }

    @Override
    public void whenReadable(long position, Runnable then) {
        readers.whenReadable(this, position, then);
    }

    @Override
    public Optional<FileRegion> fileRegion(long from, long to) {
        return Optional.empty();
    }

    @Override
    public void close() {
        synchronized (readers) {
            if (!open) {
                return;
            }
            open = false;
            readers.leave(this);
        }
        download.closeIfUnused();
    }

    /** Returns the first byte that this reader may still ask for. Caller holds the lock. */
    long neededFrom() {
        return needed;
    }

    /** Notes that this reader asks for no byte before a position any more. Caller holds the lock. */
    void moveTo(long position) {
        needed = position;
    }

    /** Notes that this reader reads bytes of an attempt. Caller holds the lock. */
    void setGeneration(int attempt) {
        attemptRead = attempt;
    }

    /** Returns false if this reader has read bytes of another attempt. Caller holds the lock. */
    boolean canReadGeneration(int attempt) {
        return attemptRead == UNREAD || attemptRead == attempt;
    }

    /** Makes every further read of this reader fail. Caller holds the lock. */
    void drop(RegistryException cause) {
        dropped = cause;
    }

    Optional<RegistryException> dropCause() {
        return Optional.ofNullable(dropped);
    }
}
