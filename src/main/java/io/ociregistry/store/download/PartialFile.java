package io.ociregistry.store.download;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.Repository;
import io.ociregistry.store.disk.ContentNotes;
import io.ociregistry.store.disk.Layout;
import io.ociregistry.store.disk.VerifiedIndex;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file of a blob that is not verified yet: a partial file with its checkpoints, or a file of the store that is
 * being verified.
 *
 * <p>Reads are thread-safe. All other methods are called by the receiver's thread only. The {@link LocalDownload}
 * closes the file.
 */
public final class PartialFile implements Closeable {
    private static final Logger LOG = LoggerFactory.getLogger(PartialFile.class);
    private static final int BUFFER = 1 << 16;

    /** A checkpoint is due after so many bytes or so much time. */
    private static final long DUE_BYTES = 16 << 20;

    private static final long DUE_NANOS = Duration.ofSeconds(5).toNanos();

    /** A blob of at most this size has no checkpoints file until there is a checkpoint to write. */
    private static final long SMALL = 1 << 20;

    private final Layout layout;
    private final Path path;
    private final FileChannel channel;
    private final String fileStamp;
    private final Checkpoints checkpoints;
    private long end;
    private long lastPosition;
    private long lastTime = System.nanoTime();
    /** The last checkpoint that was written in the background. */
    private CompletableFuture<Void> background = CompletableFuture.completedFuture(null);

    private PartialFile(Layout layout, Path path, FileChannel channel, String fileStamp, Checkpoints checkpoints) {
        this.layout = layout;
        this.path = path;
        this.channel = channel;
        this.fileStamp = fileStamp;
        this.checkpoints = checkpoints;
    }

    /** Returns the notes for log lines about the content of the store. */
    ContentNotes notes() {
        return layout.notes();
    }

    /**
     * Opens a partial file for writing, and truncates the bytes of an earlier attempt to their last checkpoint.
     *
     * @param expected the likely size of the blob
     */
    public static PartialFile receive(Layout layout, Path path, Repository source, OptionalLong expected)
            throws IOException {
        FileChannel channel = layout.openInDirectory(path, StandardOpenOption.READ);
        try {
            long size = channel.size();
            Checkpoints checkpoints = Checkpoints.open(layout, path, source, size);
            if (expected.isEmpty() || expected.getAsLong() > SMALL) {
                checkpoints.create();
            }
            PartialFile file = new PartialFile(layout, path, channel, "", checkpoints);
            file.lastPosition = file.checkpoints.lastPosition();
            if (size > file.lastPosition) {
                channel.truncate(file.lastPosition);
            }
            file.end = file.lastPosition;
            return file;
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    /** Opens a complete file for verification; nothing is written to it. */
    public static PartialFile recheck(Layout layout, Path path) throws IOException {
        // Before it is opened: a file that replaces it in the meantime has another stamp.
        String fileStamp = VerifiedIndex.fileStamp(path);
        FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
        try {
            PartialFile file = new PartialFile(layout, path, channel, fileStamp, Checkpoints.none(layout, path));
            file.end = channel.size();
            return file;
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    public Path path() {
        return path;
    }

    /** Returns the file stamp from before the file was read; empty text for a partial file. */
    public String fileStamp() {
        return fileStamp;
    }

    /** Returns the size of the file when it was opened and truncated. */
    long initialSize() {
        return end;
    }

    /** Returns the checkpoints of earlier attempts. */
    List<Checkpoints.Checkpoint> checkpoints() {
        return checkpoints.list();
    }

    /** Writes bytes once, which may be fewer than the buffer has, and returns their number. */
    int write(ByteBuffer bytes, long position) throws IOException {
        return channel.write(bytes, position);
    }

    int read(ByteBuffer into, long position) throws IOException {
        return channel.read(into, position);
    }

    /** Adds the bytes between two positions to a hash; false if the file ends before the second one. */
    boolean hash(long from, long to, IncrementalDigest into) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
        for (long position = from; position < to; ) {
            buffer.clear();
            int count = channel.read(buffer.limit((int) Math.min(BUFFER, to - position)), position);
            if (count < 0) {
                return false;
            }
            into.messageDigest().update(buffer.flip());
            position += count;
        }
        return true;
    }

    /**
     * Starts to write a checkpoint in the background if the last one is 16 MiB or 5 seconds old and was written.
     *
     * @throws IOException if writing the last one failed
     */
    void checkpointIfDue(long position, IncrementalDigest hash) throws IOException {
        boolean isDue = position - lastPosition >= DUE_BYTES || System.nanoTime() - lastTime >= DUE_NANOS;
        if (!isDue || !background.isDone()) {
            return;
        }
        awaitBackground();
        lastTime = System.nanoTime();
        if (position != lastPosition) {
            lastPosition = position;
            Digest digest = hash.current();
            background = BesideReceiver.force(() -> {
                channel.force(false);
                checkpoints.add(position, digest);
            });
        }
    }

    /** Waits for the checkpoint in the background. */
    private void awaitBackground() throws IOException {
        try {
            background.join();
        } catch (CompletionException e) {
            background = CompletableFuture.completedFuture(null);
            throw e.getCause() instanceof IOException failed ? failed : new IOException(e);
        }
    }

    /** Forces the file to disk and writes a checkpoint, unless the last one is at the same position. */
    void checkpoint(long position, IncrementalDigest hash) throws IOException {
        awaitBackground();
        lastTime = System.nanoTime();
        if (position != lastPosition) {
            channel.force(false);
            checkpoints.add(position, hash.current());
            lastPosition = position;
        }
    }

    /** Truncates the file to a position, because the bytes after it are wrong. */
    void truncate(long position, IncrementalDigest hash) throws IOException {
        awaitBackground();
        checkpoints.add(position, hash.current());
        lastPosition = position;
        channel.truncate(position);
    }

    /** Deletes the checkpoints of this file, which was published. */
    public void deleteCheckpoints() throws IOException {
        checkpoints.delete();
    }

    /** Deletes this file and its checkpoints. */
    public void delete() throws IOException {
        try {
            awaitBackground();
        } catch (IOException e) {
            LOG.debug("a checkpoint of {}, which is deleted, could not be written: {}", path, e.toString());
        }
        Files.deleteIfExists(path);
        Checkpoints.delete(path);
    }

    public void force() throws IOException {
        awaitBackground();
        channel.force(true);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
