package io.ociregistry.store.download;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.store.BlobSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** One client's view of a download. */
final class DownloadReader implements BlobSource {
    private static final int UNREAD = -1;

    private final BlobDownload download;
    private final DownloadReaders audience;

    // All below is guarded by the audience.
    private boolean open = true;
    private int startRead = UNREAD;
    private long needed;
    private @Nullable RegistryException givenUp;

    DownloadReader(BlobDownload download, DownloadReaders audience) {
        this.download = download;
        this.audience = audience;
    }

    @Override
    public Digest digest() {
        return download.digest();
    }

    @Override
    public OptionalLong size() {
        return audience.size();
    }

    @Override
    public long available() {
        return audience.available();
    }

    @Override
    public int read(long position, ByteBuffer into) throws IOException {
        int oldLimit = into.limit();
        try {
            PassThroughBuffer passing = audience.limit(this, position, into);
            if (!into.hasRemaining()) {
                return audience.nothing(position);
            }
            int count = passing == null ? download.file().read(into, position) : passing.read(position, into);
            if (count <= 0) {
                // Not the end: -1 would say that the whole was verified.
                throw new IOException("blob " + digest() + " was cut while it was read, before " + position);
            }
            audience.got(this, position + count);
            return count;
        } finally {
            into.limit(oldLimit);
        }
    }

    @Override
    public void whenReadable(long position, Runnable then) {
        audience.whenReadable(this, position, then);
    }

    @Override
    public Optional<Path> localFile() {
        return Optional.empty();
    }

    @Override
    public void close() {
        synchronized (audience) {
            if (!open) {
                return;
            }
            open = false;
            audience.leave(this);
        }
        download.closeIfOver();
    }

    /** The first byte that this reader may still ask for. Caller holds the lock. */
    long needed() {
        return needed;
    }

    /** It asks for nothing before that position any more. Caller holds the lock. */
    void moveTo(long position) {
        needed = position;
    }

    /** It reads bytes of that start. Caller holds the lock. */
    void reads(int start) {
        startRead = start;
    }

    /** True unless it has got bytes of another start than that. Caller holds the lock. */
    boolean isOf(int start) {
        return startRead == UNREAD || startRead == start;
    }

    /** It gets nothing more. Caller holds the lock. */
    void giveUp(RegistryException why) {
        givenUp = why;
    }

    Optional<RegistryException> givenUp() {
        return Optional.ofNullable(givenUp);
    }
}
