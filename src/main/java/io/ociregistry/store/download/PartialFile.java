package io.ociregistry.store.download;

import io.ociregistry.oci.Repository;
import io.ociregistry.store.disk.ContentNotes;
import io.ociregistry.store.disk.Layout;
import io.ociregistry.store.disk.VerifiedIndex;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;

/**
 * The file of a blob that is not verified yet: a partial file with its checkpoints, or a file of the store that is
 * being verified.
 *
 * <p>Reads are thread-safe. All other methods are called by the receiver's thread only. The {@link LocalDownload}
 * closes the file.
 */
public final class PartialFile implements Closeable {
    private static final int BUFFER = 1 << 16;

    /** A checkpoint is due after so many bytes or so much time. */
    private static final long DUE_BYTES = 16 << 20;

    private static final long DUE_NANOS = Duration.ofSeconds(5).toNanos();

    private final Layout layout;
    private final Path path;
    private final FileChannel channel;
    private final String fileStamp;
    private final Checkpoints checkpoints;
    private long end;
    private long lastPosition;
    private long lastTime = System.nanoTime();

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

    /** Opens a partial file for writing, and truncates the bytes of an earlier attempt to their last checkpoint. */
    public static PartialFile receive(Layout layout, Path path, Repository source) throws IOException {
        FileChannel channel = layout.open(path, StandardOpenOption.READ);
        try {
            Checkpoints checkpoints = Checkpoints.open(layout, path, source, channel.size());
            PartialFile file = new PartialFile(layout, path, channel, "", checkpoints);
            file.lastPosition = file.checkpoints.lastPosition();
            channel.truncate(file.lastPosition);
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

    /** Writes a checkpoint if the last one is 16 MiB or 5 seconds old. */
    void checkpointIfDue(long position, IncrementalDigest hash) throws IOException {
        if (position - lastPosition >= DUE_BYTES || System.nanoTime() - lastTime >= DUE_NANOS) {
            checkpoint(position, hash);
        }
    }

    /** Forces the file to disk and writes a checkpoint, unless the last one is at the same position. */
    void checkpoint(long position, IncrementalDigest hash) throws IOException {
        lastTime = System.nanoTime();
        if (position != lastPosition) {
            channel.force(false);
            checkpoints.add(position, hash.current());
            lastPosition = position;
        }
    }

    /** Truncates the file to a position, because the bytes after it are wrong. */
    void truncate(long position, IncrementalDigest hash) throws IOException {
        checkpoints.add(position, hash.current());
        lastPosition = position;
        channel.truncate(position);
    }

    public void force() throws IOException {
        channel.force(true);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
