package io.ociregistry.store.download;

import io.ociregistry.oci.Repository;
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

/** The file of a blob that is not verified yet: one that is being received, with its checkpoints, or one that is only looked through. */
public final class PartialFile implements Closeable {
    private static final int BUFFER = 1 << 16;

    /** A checkpoint is due after so much, or so long. */
    private static final long DUE_BYTES = 16 << 20;

    private static final long DUE_NANOS = Duration.ofSeconds(5).toNanos();

    private final Path path;
    private final FileChannel channel;
    private final String look;
    private final Checkpoints checkpoints;
    private long end;
    private long lastPosition;
    private long lastTime = System.nanoTime();

    private PartialFile(Path path, FileChannel channel, String look, Checkpoints checkpoints) {
        this.path = path;
        this.channel = channel;
        this.look = look;
        this.checkpoints = checkpoints;
    }

    /** Opens a file to receive into. Of what an earlier attempt left there, only what has a checkpoint stays. */
    public static PartialFile receive(Layout layout, Path path, Repository source) throws IOException {
        FileChannel channel = layout.open(path, StandardOpenOption.READ);
        try {
            Checkpoints checkpoints = Checkpoints.open(layout, path, source, channel.size());
            PartialFile file = new PartialFile(path, channel, "", checkpoints);
            file.lastPosition = file.checkpoints.last();
            channel.truncate(file.lastPosition);
            file.end = file.lastPosition;
            return file;
        } catch (IOException e) {
            channel.close();
            throw e;
        }
    }

    /** Opens a file that is there, to be checked like something that arrives. */
    public static PartialFile recheck(Layout layout, Path path) throws IOException {
        // Before it is opened: another file that takes its place meanwhile looks otherwise.
        String look = VerifiedIndex.look(path);
        FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
        try {
            PartialFile file = new PartialFile(path, channel, look, Checkpoints.none(layout, path));
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

    /** How the file looked before anything of it was read. */
    public String look() {
        return look;
    }

    /** Where the file ended when it was opened. */
    long end() {
        return end;
    }

    /** What an earlier attempt noted. */
    List<Checkpoints.Checkpoint> checkpoints() {
        return checkpoints.found();
    }

    /** Writes once; the buffer tells how much. */
    int write(ByteBuffer bytes, long position) throws IOException {
        return channel.write(bytes, position);
    }

    int read(ByteBuffer into, long position) throws IOException {
        return channel.read(into, position);
    }

    /** Feeds a hash with what lies from one position to another; false if the file ends before that. */
    boolean hash(long from, long to, IncrementalDigest into) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
        for (long position = from; position < to; ) {
            buffer.clear();
            int count = channel.read(buffer.limit((int) Math.min(BUFFER, to - position)), position);
            if (count < 0) {
                return false;
            }
            into.state().update(buffer.flip());
            position += count;
        }
        return true;
    }

    /** Forces what was written, and notes how far it is right, if that was not done for a while. */
    void checkpointIfDue(long position, IncrementalDigest hash) throws IOException {
        if (position - lastPosition >= DUE_BYTES || System.nanoTime() - lastTime >= DUE_NANOS) {
            checkpoint(position, hash);
        }
    }

    void checkpoint(long position, IncrementalDigest hash) throws IOException {
        lastTime = System.nanoTime();
        if (position != lastPosition) {
            channel.force(false);
            checkpoints.add(position, hash.now());
            lastPosition = position;
        }
    }

    /** What comes after that position is wrong. */
    void cut(long position, IncrementalDigest hash) throws IOException {
        checkpoints.add(position, hash.now());
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
