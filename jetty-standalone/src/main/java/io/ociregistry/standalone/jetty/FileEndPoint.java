package io.ociregistry.standalone.jetty;

import io.ociregistry.store.BlobSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import java.util.function.LongConsumer;
import org.eclipse.jetty.io.EofException;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.util.thread.Scheduler;
import org.jspecify.annotations.Nullable;

/**
 * A socket that sends a part of a blob from its file, without a copy in this process (sendfile).
 *
 * <p>The caller writes a placeholder as the last buffer of a response. Jetty counts its bytes and waits for the client
 * as for any buffer; this class recognizes the buffer object and sends the bytes of the file instead. If another buffer
 * arrives in place of the placeholder, the write fails: the bytes of a placeholder are never sent.
 */
final class FileEndPoint extends SocketChannelEndPoint {
    /** The maximum number of bytes of a placeholder, so that a fast client does not keep a thread for a whole file. */
    static final int MAX_BYTES = 1 << 20;

    /** The memory behind all placeholders, which is never sent. */
    private static final ByteBuffer NOTHING =
            ByteBuffer.allocateDirect(MAX_BYTES).asReadOnlyBuffer();

    private volatile @Nullable Part part;

    FileEndPoint(SocketChannel channel, ManagedSelector selector, SelectionKey key, Scheduler scheduler) {
        super(channel, selector, key, scheduler);
    }

    /** A part of a blob that is being sent. */
    private record Part(ByteBuffer placeholder, BlobSource source, long end, LongConsumer whenSent) {}

    /**
     * Returns a placeholder for a part of a blob, which has to be the next buffer with content that is written.
     *
     * @param whenSent gets the number of bytes each time that the client has accepted some
     */
    ByteBuffer placeholder(BlobSource source, long from, int count, LongConsumer whenSent) {
        ByteBuffer placeholder = NOTHING.slice(0, count);
        part = new Part(placeholder, source, from + count, whenSent);
        return placeholder;
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // a placeholder is known by its identity
    public boolean flush(ByteBuffer... buffers) throws IOException {
        Part sending = part;
        if (sending == null) {
            return super.flush(buffers);
        }
        int last = buffers.length - 1;
        if (last < 0 || buffers[last] != sending.placeholder) {
            throw new EofException("the response of a file was not written as expected");
        }
        if (last > 0 && !super.flush(Arrays.copyOf(buffers, last))) {
            return false;
        }
        boolean isComplete = send(sending);
        if (isComplete) {
            part = null;
        }
        return isComplete;
    }

    private boolean send(Part sending) throws IOException {
        ByteBuffer rest = sending.placeholder;
        while (rest.hasRemaining()) {
            long count;
            try {
                count = sending.source.transferTo(sending.end - rest.remaining(), rest.remaining(), getChannel());
            } catch (IOException e) {
                throw new EofException(e);
            }
            if (count == 0) {
                return false;
            }
            rest.position(rest.position() + (int) count);
            notIdle();
            sending.whenSent.accept(count);
        }
        return true;
    }
}
