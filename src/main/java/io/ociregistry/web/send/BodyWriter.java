package io.ociregistry.web.send;

import io.ociregistry.metrics.HttpMetrics.Broken;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.store.BlobSource;
import io.ociregistry.web.api.AccessLogEntry;
import io.ociregistry.web.api.Body;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes one body to one client, as fast as the source delivers and the client reads, without a thread that waits for
 * either (ADR 5).
 *
 * <p>The container wakes the writer when the client can take more, and the source when it has more bytes. Wakes are
 * counted: one thread at a time works, and a wake during its work makes it check once more, so no wake is lost. A body
 * that can't be completed is aborted by {@link #abort}, and never ends like a complete one.
 */
final class BodyWriter implements WriteListener, AsyncListener, BodyWriterContext.Watched {
    private static final Logger LOG = LoggerFactory.getLogger(BodyWriter.class);

    /**
     * Thrown to the container, which logs it in one line. It has no stack trace, because none would explain the abort.
     */
    static final class AbortedException extends IOException {
        private static final long serialVersionUID = 1L;

        AbortedException(String why) {
            super(why);
        }

        @Override
        public synchronized Throwable fillInStackTrace() {
            return this;
        }
    }

    private final HttpServletRequest request;
    private final AsyncContext async;
    private final ServletOutputStream out;
    private final Body body;
    private final AccessLogEntry entry;
    private final BodyWriterContext context;
    private final ClientRate rate;
    private final AtomicInteger wakes = new AtomicInteger();

    // Only the working thread uses these; "wakes" publishes them to the next one.
    private final Deque<Body> parts;
    private long position = -1;
    private boolean unflushed = true;
    /** Bytes written and not yet known to be accepted by the client. */
    private int pending;

    private boolean watched;

    /**
     * In use from the first read until the container has accepted the bytes, because the container may send from it.
     */
    private final BufferPool.Lease buffer;

    private volatile boolean tooSlow;

    /**
     * Held by each thread that uses the request, the response or the stream of the container. After the end of a
     * request, Tomcat reuses these objects for the next one. A thread that used them after its client disconnected
     * would make that next request fail.
     */
    private final Object containerLock = new Object();

    /** Set by {@link #end} only. Once set, no thread uses objects of the container. */
    private volatile boolean ended;

    /** Whether the source will wake this writer. */
    private volatile boolean registered;

    private BodyWriter(
            HttpServletRequest request,
            HttpServletResponse response,
            Body body,
            BodyWriterContext context,
            AccessLogEntry entry)
            throws IOException {
        this.request = request;
        this.body = body;
        this.context = context;
        this.rate = context.newRate();
        this.buffer = new BufferPool.Lease(context.buffers());
        this.parts = new ArrayDeque<>(body instanceof Body.Multipart multipart ? multipart.parts() : List.of(body));
        this.entry = entry;
        this.out = response.getOutputStream();
        this.async = request.startAsync();
    }

    /**
     * Starts to send the body. The caller has set the headers. The body is closed after the last byte, on failure, or
     * when the client disconnects.
     */
    static void start(
            HttpServletRequest request,
            HttpServletResponse response,
            Body body,
            BodyWriterContext context,
            AccessLogEntry entry)
            throws IOException {
        BodyWriter writer = new BodyWriter(request, response, body, context, entry);
        writer.async.setTimeout(0);
        writer.async.addListener(writer);
        writer.out.setWriteListener(writer);
    }

    @Override
    public void onWritePossible() {
        wake();
    }

    private void wake() {
        if (wakes.getAndIncrement() > 0) {
            return;
        }
        int seen;
        do {
            seen = wakes.get();
            work();
        } while (wakes.addAndGet(-seen) > 0);
    }

    private void work() {
        Exception failure = null;
        boolean isDone = false;
        synchronized (containerLock) {
            try {
                isDone = !ended && sendAll();
            } catch (IOException | RuntimeException e) {
                failure = e;
            }
        }
        if (failure != null) {
            abort(failure);
        } else if (isDone && end()) {
            buffer.release();
            async.complete();
        }
    }

    /** Returns true if the container has taken the whole body; false if a later wake continues. */
    private boolean sendAll() throws IOException {
        if (tooSlow) {
            throw new AbortedException("the client reads more slowly than the minimum rate");
        }
        while (!ended && isReady()) {
            if (!parts.isEmpty()) {
                if (!sendSome()) {
                    return false;
                }
            } else if (unflushed) {
                // Otherwise Tomcat's complete would send the rest, headers too, and block its thread until the
                // client has read it.
                flush();
            } else {
                return true;
            }
        }
        return false;
    }

    /** Returns true if the system or the client has accepted the written bytes, and more can be written. */
    private boolean isReady() {
        if (out.isReady()) {
            rate.accepted(pending, System.nanoTime());
            pending = 0;
            return true;
        }
        rate.blocked(System.nanoTime());
        if (!watched) {
            watched = true;
            context.watch(this);
        }
        return false;
    }

    @Override
    public void abortIfTooSlow(long now) {
        if (ended) {
            context.unwatch(this);
        } else if (rate.isTooSlow(now)) {
            tooSlow = true;
            context.executor().execute(this::wake);
        }
    }

    /** Writes once. Returns false if the source has no bytes yet and will wake this writer. */
    private boolean sendSome() throws IOException {
        Body part = parts.element();
        if (part instanceof Body.Blob range && range.from() < range.to()) {
            return sendSome(range);
        }
        parts.remove();
        if (part instanceof Body.Bytes ready) {
            write(ready.bytes(), ready.bytes().length);
        }
        return true;
    }

    private boolean sendSome(Body.Blob range) throws IOException {
        position = Math.max(position, range.from());
        byte[] bytes = buffer.get();
        int count = range.source()
                .read(position, ByteBuffer.wrap(bytes, 0, (int) Math.min(bytes.length, range.to() - position)));
        if (count == 0) {
            waitForMore(range.source());
            return false;
        }
        if (count < 0 && range.to() != Body.TO_END) {
            throw new AbortedException("the source ended at " + position + " of " + range.to() + " bytes");
        }
        if (count > 0) {
            position += count;
            write(bytes, count);
        }
        if (count < 0 || position == range.to()) {
            parts.remove();
            position = -1;
        }
        return true;
    }

    /**
     * Flushes the bytes or headers that the container holds, so that the client does not time out, and waits for a wake
     * by the source.
     */
    private void waitForMore(BlobSource source) throws IOException {
        buffer.release();
        if (unflushed) {
            flush();
        }
        if (!registered) {
            registered = true;
            source.whenReadable(position, () -> {
                registered = false;
                context.executor().execute(this::wake);
            });
        }
    }

    private void flush() throws IOException {
        unflushed = false;
        out.flush();
    }

    private void write(byte[] bytes, int count) throws IOException {
        out.write(bytes, 0, count);
        unflushed = true;
        pending += count;
        entry.addBytes(count);
    }

    /** Aborts a body whose source failed, whose client is too slow, or whose write failed. */
    private void abort(Exception cause) {
        if (!end()) {
            return;
        }
        context.metrics().broken(reason(cause));
        LOG.debug("aborting {}: {}", request.getRequestURI(), cause.toString());
        // Here and not in onComplete, which Jetty does not call for a request whose dispatch throws.
        close();
        try {
            BodySender.setAborted(request, cause);
            async.dispatch();
        } catch (IllegalStateException gone) {
            BodySender.writeAborted(entry, cause);
        } catch (NullPointerException gone) {
            // A stopped Jetty throws this, and no longer reports the end of a request.
            LOG.debug("aborted by the stop of the server");
        }
    }

    private Broken reason(Exception cause) {
        if (tooSlow) {
            return Broken.TOO_SLOW;
        }
        if (cause instanceof RegistryException known) {
            return switch (known.code()) {
                case UPSTREAM_WRONG_CONTENT -> Broken.WRONG_DIGEST;
                case OVERLOADED -> Broken.SHUTDOWN;
                default -> Broken.UPSTREAM;
            };
        }
        return cause instanceof AbortedException ? Broken.UPSTREAM : Broken.CLIENT;
    }

    /** Returns true for the first caller only, which then ends the request. Threads of the container call this too. */
    private boolean end() {
        synchronized (containerLock) {
            boolean isFirst = !ended;
            ended = true;
            return isFirst;
        }
    }

    @Override
    public void onError(Throwable failure) {
        if (!end()) {
            return;
        }
        context.metrics().broken(Broken.CLIENT);
        LOG.debug("the client of {} disconnected: {}", request.getRequestURI(), failure.toString());
        BodySender.setAborted(request, failure);
        close();
        entry.writeAborted();
        async.complete();
    }

    @Override
    public void onComplete(AsyncEvent event) {
        end();
        close();
    }

    @Override
    public void onError(AsyncEvent event) {
        end();
        close();
    }

    private void close() {
        buffer.discard();
        context.unwatch(this);
        body.close();
    }

    @Override
    public void onStartAsync(AsyncEvent event) {}

    @Override
    public void onTimeout(AsyncEvent event) {}
}
