package io.ociregistry.standalone.jetty;

import io.ociregistry.metrics.HttpMetrics.Broken;
import io.ociregistry.web.api.Answer;
import io.ociregistry.web.api.Body;
import io.ociregistry.web.api.DistributionApi;
import io.ociregistry.web.send.BodyWriterContext;
import io.ociregistry.web.send.ClientRate;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.RetainableByteBuffer;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.IteratingCallback;
import org.jspecify.annotations.Nullable;

/**
 * Sends the answer to a hit. No thread waits for the client.
 *
 * <p>A body in memory is sent by the calling thread, together with the headers. A body in a file is sent by threads of
 * the pool, because reading a file may block: by {@link FileEndPoint}, or by a buffer if the file is small or the
 * connection uses TLS.
 */
final class HitResponse extends IteratingCallback implements BodyWriterContext.Watched {
    /** The size of buffers. A part of a file that fits into one is sent with the headers in one write. */
    private static final int BUFFER = 64 << 10;

    private static final ByteBuffer EMPTY = ByteBuffer.allocate(0);

    private final Request request;
    private final Response response;
    private final Answer answer;
    private final BodyWriterContext writers;
    private final HitEnd end;
    private final boolean isInMemory;
    private final Deque<Body> parts;
    /** Set while the client is watched, because it did not take the first bytes at once. */
    private volatile @Nullable ClientRate rate;

    // One thread at a time uses these; the callback publishes them to the next one.
    private long position = -1;
    private @Nullable RetainableByteBuffer buffer;
    /** Bytes that Jetty got and whose acceptance by the client is reported by the completion of the write only. */
    private long written;

    private volatile boolean ended;
    /** The reason to count if the body fails. */
    private volatile Broken reason = Broken.CLIENT;

    HitResponse(Request request, Response response, Answer answer, BodyWriterContext writers, HitEnd end) {
        this.request = request;
        this.response = response;
        this.answer = request.getMethod().equals("HEAD") ? answer.headersOnly() : answer;
        this.writers = writers;
        this.end = end;
        Body body = this.answer.body();
        this.parts = new ArrayDeque<>(body instanceof Body.Multipart multipart ? multipart.parts() : List.of(body));
        this.isInMemory = parts.stream().allMatch(HitResponse::isInMemory);
    }

    private static boolean isInMemory(Body part) {
        return !(part instanceof Body.Blob blob)
                || blob.source().inMemory(blob.from(), blob.to()).isPresent();
    }

    /** Sends the headers and the body. Closes the answer when the response is complete or has failed. */
    void start() {
        response.setStatus(answer.status());
        response.getHeaders().put(DistributionApi.VERSION_HEADER, DistributionApi.VERSION);
        answer.headers().forEach(response.getHeaders()::put);
        answer.body().length().ifPresent(length -> response.getHeaders().put(HttpHeader.CONTENT_LENGTH, length));
        if (isInMemory) {
            iterateWatched();
        } else {
            request.getComponents().getExecutor().execute(this::iterateWatched);
        }
    }

    private void iterateWatched() {
        iterate();
        if (!ended) {
            ClientRate started = writers.newRate();
            started.blocked(System.nanoTime());
            rate = started;
            writers.watch(this);
            if (ended) {
                writers.unwatch(this);
            }
        }
    }

    @Override
    public InvocationType getInvocationType() {
        return isInMemory ? InvocationType.NON_BLOCKING : InvocationType.BLOCKING;
    }

    @Override
    protected Action process() throws IOException {
        lastWriteComplete();
        Body part = parts.peek();
        if (part == null) {
            return Action.SUCCEEDED;
        }
        ByteBuffer bytes = part instanceof Body.Blob blob ? next(blob) : whole(part);
        response.write(parts.isEmpty(), bytes, this);
        return Action.SCHEDULED;
    }

    private ByteBuffer whole(Body part) {
        parts.remove();
        return part instanceof Body.Bytes ready ? counted(ByteBuffer.wrap(ready.bytes())) : EMPTY;
    }

    /** Returns the next bytes of a blob, or a placeholder for them. */
    private ByteBuffer next(Body.Blob blob) throws IOException {
        position = Math.max(position, blob.from());
        ByteBuffer bytes = bytes(blob);
        position += bytes.remaining();
        if (position == blob.to()) {
            parts.remove();
            position = -1;
        }
        return bytes;
    }

    private ByteBuffer bytes(Body.Blob blob) throws IOException {
        Optional<ByteBuffer> memory = blob.source().inMemory(position, blob.to());
        if (memory.isPresent()) {
            return counted(memory.get());
        }
        long rest = blob.to() - position;
        return rest > BUFFER
                        && request.getConnectionMetaData().getConnection().getEndPoint() instanceof FileEndPoint socket
                ? socket.placeholder(blob.source(), position, (int) Math.min(rest, FileEndPoint.MAX_BYTES), this::sent)
                : counted(read(blob, (int) Math.min(rest, BUFFER)));
    }

    private ByteBuffer read(Body.Blob blob, int count) throws IOException {
        RetainableByteBuffer pooled =
                request.getComponents().getByteBufferPool().acquire(count, true);
        buffer = pooled;
        ByteBuffer bytes = pooled.getByteBuffer();
        BufferUtil.clearToFill(bytes);
        if (blob.source().read(position, bytes.limit(count)) <= 0 && count > 0) {
            reason = Broken.UPSTREAM;
            throw new IOException(blob.source().digest() + " ended at " + position + " of " + blob.to() + " bytes");
        }
        return bytes.flip();
    }

    private ByteBuffer counted(ByteBuffer bytes) {
        written = bytes.remaining();
        end.addBytes(written);
        return bytes;
    }

    /** The client has accepted bytes of a file. */
    private void sent(long bytes) {
        end.addBytes(bytes);
        accepted(bytes);
    }

    private void accepted(long bytes) {
        ClientRate measured = rate;
        if (measured != null) {
            long now = System.nanoTime();
            measured.accepted(bytes, now);
            measured.blocked(now);
        }
    }

    private void lastWriteComplete() {
        release();
        accepted(written);
        written = 0;
    }

    private void release() {
        if (buffer != null) {
            buffer.release();
            buffer = null;
        }
    }

    @Override
    public void abortIfTooSlow(long now) {
        ClientRate measured = rate;
        if (!ended && measured != null && measured.isTooSlow(now)) {
            reason = Broken.TOO_SLOW;
            // The pending write fails.
            SocketEndPoints.of(request.getConnectionMetaData().getConnection()).close();
        }
    }

    @Override
    protected void onCompleteSuccess() {
        close(() -> end.succeeded());
    }

    @Override
    protected void onCompleteFailure(Throwable cause) {
        writers.metrics().broken(reason);
        close(() -> end.failed(cause));
    }

    private void close(Runnable then) {
        ended = true;
        release();
        if (rate != null) {
            writers.unwatch(this);
        }
        answer.close();
        then.run();
    }
}
