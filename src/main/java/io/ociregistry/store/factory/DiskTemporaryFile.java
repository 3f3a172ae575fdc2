package io.ociregistry.store.factory;

import io.ociregistry.store.DiskQuota;
import io.ociregistry.store.TemporaryFile;
import io.ociregistry.store.disk.DurableFiles;
import io.ociregistry.store.disk.Layout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A temporary file in {@code partial/}, with a reservation in the quota. */
final class DiskTemporaryFile implements TemporaryFile {
    private static final Logger LOG = LoggerFactory.getLogger(DiskTemporaryFile.class);
    /** The step of the reservation if the size is unknown. */
    private static final long STEP = 16 << 20;

    private final Path file;
    private final FileChannel channel;
    private final DiskQuota quota;
    private final DiskQuota.Reservation reservation;
    private long size;
    private long reserved;
    private boolean closed;

    private DiskTemporaryFile(Path file, FileChannel channel, DiskQuota quota) {
        this.file = file;
        this.channel = channel;
        this.quota = quota;
        this.reservation = quota.startReservation(0);
    }

    /**
     * Creates an empty file.
     *
     * @param purpose the first part of its name
     * @throws IOException if the file can't be created, or if the store is read-only
     */
    static TemporaryFile create(Layout layout, String purpose, DiskQuota quota) throws IOException {
        layout.ensureDirectory(layout.partials());
        Path file = layout.partials().resolve(DurableFiles.temporaryName(purpose));
        return new DiskTemporaryFile(file, layout.open(file, StandardOpenOption.TRUNCATE_EXISTING), quota);
    }

    @Override
    public String path() {
        return file.toString();
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public void reserve(long bytes) throws IOException {
        if (bytes > quota.max() / 2) {
            throw new TooLargeException(bytes + " bytes are more than half of cache.maxSize, which is " + quota.max()
                    + " bytes; raise cache.maxSize");
        }
        long free = Files.getFileStore(file).getUsableSpace();
        if (bytes - size + bytes > free) {
            throw new TooLargeException(
                    bytes + " bytes need twice as much space on the disk of the cache until they are imported, and "
                            + free + " bytes are free; make room, or prune");
        }
        if (!reservation.extend(bytes)) {
            throw new TooLargeException("the cache uses " + quota.used() + " of the " + quota.max()
                    + " bytes of cache.maxSize, and pruning frees too little for " + bytes
                    + " bytes; raise cache.maxSize");
        }
        reserved = bytes;
    }

    @Override
    public void append(ByteBuffer bytes) throws IOException {
        long end = size + bytes.remaining();
        if (end > reserved) {
            reserve(Math.max(end, Math.min(size + STEP, quota.max() / 2)));
        }
        while (bytes.hasRemaining()) {
            size += channel.write(bytes, size);
        }
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        try (channel) {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            LOG.warn("deleting the temporary file {} failed: {}", file, e.toString());
        } finally {
            reservation.release(0);
        }
    }
}
