package io.ociregistry.web.send;

import io.ociregistry.oci.RegistryException;
import io.ociregistry.store.BlobSource;
import io.ociregistry.web.send.AccessLogFilter;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.Closeable;
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
public final class BodyWriter implements WriteListener, AsyncListener {
    private static final Logger LOG = LoggerFactory.getLogger(BodyWriter.class);
    private static final String ABORTED = BodyWriter.class.getName() + ".aborted";

    /** A piece of a body: ready bytes, or a range of a source. */
    public sealed interface Part {
        /** Bytes in memory, such as the headers between the ranges of a multipart body. */
        @SuppressWarnings("ArrayRecordComponent") // never compared
        record Bytes(byte[] bytes) implements Part {}

        /** A range of a source; up to {@link #TO_END} if the size of the source is not known. */
        record Range(BlobSource source, long from, long to) implements Part {}
    }

    /**
     * Thrown to the container, which logs it in one line. It has no stack trace, because none would explain the abort.
     */
    private static final class AbortedException extends IOException {
        private static final long serialVersionUID = 1L;

        AbortedException(String why) {
            super(why);
        }

        @Override
        public synchronized Throwable fillInStackTrace() {
            return this;
        }
    }

    /** The end of a range that goes up to the end of its source. */
    static final long TO_END = Long.MAX_VALUE;

    private final HttpServletRequest request;
    private final AsyncContext async;
    private final ServletOutputStream out;
    private final Closeable content;
    private final BodyWriterContext context;
    private final ClientRate rate;
    private final AtomicInteger wakes = new AtomicInteger();

    // Only the working thread uses these; "wakes" publishes them to the next one.
    private final Deque<Part> parts;
    private long position = -1;
    private boolean unflushed = true;
    /** Bytes written and not yet known to be accepted by the client. */
    private int pending;

    private boolean watched;

    /**
     * In use from the first read until the container has accepted the bytes, because the container may send from it.
     */
    private final PooledBuffer buffer;

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

    private BodyWriter(HttpServletRequest request, HttpServletResponse response, List<Part> parts, Closeable content)
            throws IOException {
        this.request = request;
        this.content = content;
        this.context = BodyWriterContext.of(request);
        this.rate = context.newRate();
        this.buffer = new PooledBuffer(context.buffers());
        this.parts = new ArrayDeque<>(parts);
        this.out = response.getOutputStream();
        this.async = request.startAsync();
    }

    /**
     * Starts to send the parts. The caller has set the headers. The content is closed after the last byte, on failure,
     * or when the client disconnects.
     */
    public static void start(
            HttpServletRequest request, HttpServletResponse response, List<Part> parts, Closeable content)
            throws IOException {
        BodyWriter writer = new BodyWriter(request, response, parts, content);
        writer.async.setTimeout(0);
        writer.async.addListener(writer);
        writer.out.setWriteListener(writer);
    }

    /**
     * Answers with the given bytes; HEAD with the headers only. The caller has set the headers. Small bodies are sent
     * asynchronously too, because a client that requests many and reads none would block threads.
     */
    public static void send(HttpServletRequest request, HttpServletResponse response, byte[] body) throws IOException {
        boolean headersOnly = body.length == 0 || request.getMethod().equals("HEAD");
        if (request.getAttribute(ABORTED) == null) {
            start(request, response, headersOnly ? List.of() : List.of(new Part.Bytes(body)), () -> {});
        } else if (!headersOnly) {
            // The body failed before its first byte. The stream accepts no second listener. It is ready, because
            // nothing was sent; calling isReady would make Tomcat wait for the listener.
            response.getOutputStream().write(body);
        }
    }

    /**
     * Breaks the connection of an aborted body. Must be called first in every dispatch of a request.
     *
     * <p>Only an exception from a dispatch makes both Jetty and Tomcat cut a body short; after {@code complete} the
     * client of Tomcat would hang. If nothing was sent yet, the failure is still answered with an error status.
     */
    public static void throwIfAborted(HttpServletRequest request, HttpServletResponse response) throws IOException {
        if (!(request.getAttribute(ABORTED) instanceof Throwable cause)) {
            return;
        }
        if (!response.isCommitted() && cause instanceof RegistryException known) {
            throw known;
        }
        AccessLogFilter.logAborted(request);
        // The container recognizes an exception of its own as a disconnected client, and does not log it.
        throw cause instanceof IOException known
                ? known
                : new AbortedException("the body can't be completed: " + cause.getMessage());
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

    /** Called periodically by the context. */
    void abortIfTooSlow(long now) {
        if (ended) {
            context.unwatch(this);
        } else if (rate.isTooSlow(now)) {
            tooSlow = true;
            context.executor().execute(this::wake);
        }
    }

    /** Writes once. Returns false if the source has no bytes yet and will wake this writer. */
    private boolean sendSome() throws IOException {
        Part part = parts.element();
        if (part instanceof Part.Bytes ready) {
            parts.remove();
            write(ready.bytes(), ready.bytes().length);
            return true;
        }
        return sendSome((Part.Range) part);
    }

    private boolean sendSome(Part.Range range) throws IOException {
        if (position < 0) {
            position = range.from();
        }
        byte[] bytes = buffer.get();
        int count = range.source()
                .read(position, ByteBuffer.wrap(bytes, 0, (int) Math.min(bytes.length, range.to() - position)));
        if (count == 0) {
            waitForMore(range.source());
            return false;
        }
        if (count < 0 && range.to() != TO_END) {
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
        AccessLogFilter.addBytes(request, count);
    }

    /** Aborts a body whose source failed, whose client is too slow, or whose write failed. */
    private void abort(Exception cause) {
        if (!end()) {
            return;
        }
        LOG.debug("aborting {}: {}", request.getRequestURI(), cause.toString());
        // Here and not in onComplete, which Jetty does not call for a request whose dispatch throws.
        close();
        try {
            request.setAttribute(ABORTED, cause);
            async.dispatch();
        } catch (IllegalStateException gone) {
            AccessLogFilter.logAborted(request);
        } catch (NullPointerException gone) {
            // A stopped Jetty throws this, and no longer reports the end of a request.
            LOG.debug("aborted by the stop of the server");
        }
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
        LOG.debug("the client of {} disconnected: {}", request.getRequestURI(), failure.toString());
        request.setAttribute(ABORTED, failure);
        close();
        AccessLogFilter.logAborted(request);
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
        try {
            content.close();
        } catch (IOException e) {
            LOG.warn("closing the source of {} failed: {}", request.getRequestURI(), e.toString());
        }
    }

    @Override
    public void onStartAsync(AsyncEvent event) {}

    @Override
    public void onTimeout(AsyncEvent event) {}
}
