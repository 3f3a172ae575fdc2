package io.ociregistry.web.send;

import io.ociregistry.oci.RegistryException;
import io.ociregistry.store.BlobSource;
import io.ociregistry.web.http.AccessLogFilter;
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
 * One body on its way to one client, as fast as it arrives and as fast as the client takes it, without a thread that waits for either.
 *
 * <p>Woken by the container when the client can take more, and by the source when more is there. Wakes are counted: one thread at a time
 * works, and a wake that comes meanwhile makes it look once more, so none is lost. A body that can't be finished is broken off by
 * {@link #abort}, never ended.
 */
public final class BodyWriter implements WriteListener, AsyncListener {
    private static final Logger LOG = LoggerFactory.getLogger(BodyWriter.class);
    private static final String ABORTED = BodyWriter.class.getName() + ".aborted";

    /** A piece of a body: ready bytes, or a range of a source. */
    public sealed interface Part {
        /** Ready bytes, as between the ranges of a multipart body. */
        @SuppressWarnings("ArrayRecordComponent") // never compared
        record Bytes(byte[] bytes) implements Part {}

        /** A range of a source, up to {@link #END} if its size is not known. */
        record Range(BlobSource source, long from, long to) implements Part {}
    }

    /** For the container, whose log has one line of it: it is nothing that a stack trace explains. */
    private static final class BrokenOff extends IOException {
        private static final long serialVersionUID = 1L;

        BrokenOff(String why) {
            super(why);
        }

        @Override
        public synchronized Throwable fillInStackTrace() {
            return this;
        }
    }

    /** The end of a range that goes up to wherever the source ends. */
    static final long END = Long.MAX_VALUE;

    private final HttpServletRequest request;
    private final AsyncContext async;
    private final ServletOutputStream out;
    private final Closeable content;
    private final BodyWriterContext delivery;
    private final ClientRate pace;
    private final AtomicInteger wakes = new AtomicInteger();

    // Only the thread that works touches these; "wakes" hands them on.
    private final Deque<Part> parts;
    private long position = -1;
    private boolean unflushed = true;
    /** Written last, and not known to be taken. */
    private int offered;

    private boolean watched;

    /** From the first byte read until it is known to be taken; the container may send it from here in between. */
    private final PooledBuffer buffer;

    private volatile boolean tooSlow;

    /**
     * Held by who uses what the container made for the request. Once it is told that the transfer is over, Tomcat gives all that to the next
     * request, and who is still inside, since the client has just left, would spoil that one with its own failure.
     */
    private final Object using = new Object();

    /** Set by {@link #end} alone, so that nobody is using anything by then, or will. */
    private volatile boolean over;

    /** Whether the source will wake us. */
    private volatile boolean registered;

    private BodyWriter(HttpServletRequest request, HttpServletResponse response, List<Part> parts, Closeable content)
            throws IOException {
        this.request = request;
        this.content = content;
        this.delivery = BodyWriterContext.of(request);
        this.pace = delivery.newPace();
        this.buffer = new PooledBuffer(delivery.buffers());
        this.parts = new ArrayDeque<>(parts);
        this.out = response.getOutputStream();
        this.async = request.startAsync();
    }

    /** Sends the parts after headers that are set already, and closes the content when it is over, however it ends. */
    public static void start(
            HttpServletRequest request, HttpServletResponse response, List<Part> parts, Closeable content)
            throws IOException {
        BodyWriter transfer = new BodyWriter(request, response, parts, content);
        transfer.async.setTimeout(0);
        transfer.async.addListener(transfer);
        transfer.out.setWriteListener(transfer);
    }

    /**
     * Answers with these bytes after headers that are set already, and HEAD with those alone. Small answers too go out like this: a client
     * that asks for many and takes none would hold a thread.
     */
    public static void send(HttpServletRequest request, HttpServletResponse response, byte[] body) throws IOException {
        boolean bare = body.length == 0 || request.getMethod().equals("HEAD");
        if (request.getAttribute(ABORTED) == null) {
            start(request, response, bare ? List.of() : List.of(new Part.Bytes(body)), () -> {});
        } else if (!bare) {
            // What failed before its first byte: the stream has had its listener and takes no other. It is ready, since
            // nothing was sent; to ask it would make Tomcat wait for the listener.
            response.getOutputStream().write(body);
        }
    }

    /**
     * Breaks the connection of a transfer that was aborted. Called first in every dispatch of a request: only an exception from there makes
     * Jetty and Tomcat alike cut a body short; completing it would leave Tomcat's client hanging. Where nothing was sent yet there is still time
     * for an error status.
     */
    public static void throwIfAborted(HttpServletRequest request, HttpServletResponse response) throws IOException {
        if (!(request.getAttribute(ABORTED) instanceof Throwable cause)) {
            return;
        }
        if (!response.isCommitted() && cause instanceof RegistryException known) {
            throw known;
        }
        AccessLogFilter.brokenOff(request);
        // What the container threw itself it knows again, as the end of a client, which is nothing to log.
        throw cause instanceof IOException known
                ? known
                : new BrokenOff("the body can't be finished: " + cause.getMessage());
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
        synchronized (using) {
            try {
                isDone = !over && sendAll();
            } catch (IOException | RuntimeException e) {
                failure = e;
            }
        }
        if (failure != null) {
            abort(failure);
        } else if (isDone && end()) {
            buffer.giveBack();
            async.complete();
        }
    }

    /** True if the client has, or will get without us, all of it; false if we will be woken. */
    private boolean sendAll() throws IOException {
        if (tooSlow) {
            throw new BrokenOff("the client takes less than the least it has to");
        }
        while (!over && isReady()) {
            if (!parts.isEmpty()) {
                if (!sendSome()) {
                    return false;
                }
            } else if (unflushed) {
                // Else Tomcat's complete would send what is left, headers too, and wait on its thread for the
                // client to take it.
                flush();
            } else {
                return true;
            }
        }
        return false;
    }

    /** True if what was written is taken, by the system at least, and more can be. */
    private boolean isReady() {
        if (out.isReady()) {
            pace.took(offered, System.nanoTime());
            offered = 0;
            return true;
        }
        pace.blocked(System.nanoTime());
        if (!watched) {
            watched = true;
            delivery.watch(this);
        }
        return false;
    }

    /** Called from time to time by the watch over slow clients. */
    void breakOffIfTooSlow(long now) {
        if (over) {
            delivery.forget(this);
        } else if (pace.isTooSlow(now)) {
            tooSlow = true;
            delivery.executor().execute(this::wake);
        }
    }

    /** Writes once; false if there is nothing to write yet, and the source will wake us. */
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
        if (count < 0 && range.to() != END) {
            throw new BrokenOff("the source ended at " + position + " of " + range.to() + " bytes");
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

    /** What was written goes out now, the headers at least, so that the client's clocks stop; the container would keep it for more. */
    private void waitForMore(BlobSource source) throws IOException {
        buffer.giveBack();
        if (unflushed) {
            flush();
        }
        if (!registered) {
            registered = true;
            source.whenReadable(position, () -> {
                registered = false;
                delivery.executor().execute(this::wake);
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
        offered += count;
        AccessLogFilter.sent(request, count);
    }

    /** The only way to end a body that is not whole. */
    private void abort(Exception cause) {
        if (!end()) {
            return;
        }
        LOG.debug("breaking off {}: {}", request.getRequestURI(), cause.toString());
        // Not left to onComplete: Jetty does not call it for a request whose dispatch throws.
        close();
        try {
            request.setAttribute(ABORTED, cause);
            async.dispatch();
        } catch (IllegalStateException gone) {
            AccessLogFilter.brokenOff(request);
        } catch (NullPointerException gone) {
            // What Jetty's requests throw once it has been stopped; nobody is told of their end then.
            LOG.debug("broken off by the stop of the server");
        }
    }

    /** The container's threads too come by here. True for the first one: only that may tell the container. */
    private boolean end() {
        synchronized (using) {
            boolean isFirst = !over;
            over = true;
            return isFirst;
        }
    }

    @Override
    public void onError(Throwable failure) {
        if (!end()) {
            return;
        }
        LOG.debug("client of {} left: {}", request.getRequestURI(), failure.toString());
        request.setAttribute(ABORTED, failure);
        close();
        AccessLogFilter.brokenOff(request);
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
        buffer.forget();
        delivery.forget(this);
        try {
            content.close();
        } catch (IOException e) {
            LOG.warn("closing what {} was sent from: {}", request.getRequestURI(), e.toString());
        }
    }

    @Override
    public void onStartAsync(AsyncEvent event) {}

    @Override
    public void onTimeout(AsyncEvent event) {}
}
