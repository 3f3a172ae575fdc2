package io.ociregistry.web.send;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.store.BlobSource.FileRegion;
import io.ociregistry.web.api.AccessLogEntry;
import io.ociregistry.web.api.Answer;
import io.ociregistry.web.api.Body;
import io.ociregistry.web.api.ErrorAnswers;
import io.ociregistry.web.api.RequestHead;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends the answers of servlets, by the fastest way that the container has, without a thread that waits (ADR 5).
 * Thread-safe.
 *
 * <p>A request whose answer is not ready becomes asynchronous, and is dispatched to its servlet again when the answer
 * is ready. Only a thread of the container touches request and response then, because Tomcat may already reuse them
 * for another request if the client has disconnected.
 *
 * <p>Tomcat sends a stored file itself (sendfile) if the request attributes say so before the request becomes
 * asynchronous. In all other cases {@link BodyWriter} sends the body.
 */
public final class BodySender {
    private static final Logger LOG = LoggerFactory.getLogger(BodySender.class);

    /**
     * The attribute with which a request is dispatched again, and the only one besides that of the access log: a
     * {@link Waited}, or a {@link Throwable} by which the body was aborted.
     */
    private static final String RESULT = BodySender.class.getName();

    private static final String SENDFILE = "org.apache.tomcat.sendfile.";

    /**
     * The size above which Tomcat's sendfile is used. Before a file, Tomcat sends the headers and blocks its thread if
     * the client does not read them, so sendfile is not worth it for small files.
     */
    private static final long SENDFILE_MIN = 64 << 10;

    private final BodyWriterContext writers;
    private final ErrorAnswers errors;

    public BodySender(BodyWriterContext writers, ErrorAnswers errors) {
        this.writers = writers;
        this.errors = errors;
    }

    /** The answer for which a request became asynchronous. It is complete. */
    private record Waited(CompletableFuture<Answer> answer) {}

    /**
     * Sends the answer to a request, now or when it is ready. Renders a failure as an error of the API.
     *
     * <p>If the response is committed, a failure is thrown instead: the container then breaks the connection, which
     * shows the client that the body is incomplete.
     *
     * @param api called only in the first dispatch of the request
     */
    public void answer(
            HttpServletRequest request,
            HttpServletResponse response,
            Function<RequestHead, CompletionStage<Answer>> api)
            throws IOException {
        try {
            Object result = request.getAttribute(RESULT);
            if (result instanceof Throwable cause) {
                throwAborted(cause, request, response);
            }
            CompletableFuture<Answer> answer = result instanceof Waited waited
                    ? waited.answer()
                    : api.apply(ServletHead.of(request, response)).toCompletableFuture();
            if (answer.isDone()) {
                send(answer.join(), request, response);
            } else {
                suspend(answer, request);
            }
        } catch (RuntimeException e) {
            fail(e, request, response);
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the next dispatch has the result
    private static void suspend(CompletableFuture<Answer> answer, HttpServletRequest request) {
        AsyncContext async = request.startAsync();
        async.setTimeout(0);
        request.setAttribute(RESULT, new Waited(answer));
        answer.whenComplete((ready, failure) -> {
            try {
                async.dispatch();
            } catch (IllegalStateException gone) {
                // The client disconnected, and the container ended the request.
                if (ready != null) {
                    ready.close();
                }
            }
        });
    }

    private void send(Answer answer, HttpServletRequest request, HttpServletResponse response) throws IOException {
        boolean isSent = false;
        try {
            response.setStatus(answer.status());
            // Not setContentType: containers may add a charset, and some clients compare the whole value.
            answer.headers().forEach(response::setHeader);
            answer.body().length().ifPresent(response::setContentLengthLong);
            AccessLogEntry entry = AccessLogFilter.entry(request, response);
            Answer sent = request.getMethod().equals("HEAD") ? answer.headersOnly() : answer;
            body(sent.body(), request, response, entry);
            isSent = true;
        } finally {
            if (!isSent) {
                answer.close();
            }
        }
    }

    private void body(Body body, HttpServletRequest request, HttpServletResponse response, AccessLogEntry entry)
            throws IOException {
        if (body instanceof Body.Lines stream) {
            LineWriter.start(stream.lines(), request, response);
        } else if (request.getAttribute(RESULT) instanceof Throwable) {
            // The error of a body that failed before its first byte. The stream accepts no second listener. It is
            // ready, because nothing was sent; calling isReady would make Tomcat wait for the listener.
            response.getOutputStream().write(body instanceof Body.Bytes ready ? ready.bytes() : new byte[0]);
        } else if (!(body instanceof Body.Blob blob && sendFile(blob, request, entry))) {
            // Also for small bodies and for headers only: a client that requests many and reads none would block
            // threads.
            BodyWriter.start(request, response, body, writers, entry);
        }
    }

    /**
     * Lets Tomcat send the file after the service of this request has returned. In an asynchronous request Tomcat would
     * send nothing and hang.
     */
    private static boolean sendFile(Body.Blob blob, HttpServletRequest request, AccessLogEntry entry) {
        boolean isPossible = Boolean.TRUE.equals(request.getAttribute(SENDFILE + "support"))
                && request.getDispatcherType() == DispatcherType.REQUEST
                && blob.length().orElse(0) > SENDFILE_MIN;
        Optional<FileRegion> file = isPossible ? blob.source().fileRegion(blob.from(), blob.to()) : Optional.empty();
        if (file.isEmpty()) {
            return false;
        }
        request.setAttribute(SENDFILE + "filename", file.get().name());
        request.setAttribute(SENDFILE + "start", file.get().from());
        request.setAttribute(SENDFILE + "end", file.get().to());
        entry.addBytes(blob.to() - blob.from());
        blob.close();
        return true;
    }

    /** Answers with an error, or throws it if the response is committed. */
    public void fail(RuntimeException failure, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        RegistryException error = cause instanceof RegistryException known
                ? known
                : new RegistryException(ErrorCode.INTERNAL, "internal error of this server; see its log", cause);
        if (error.code() == ErrorCode.INTERNAL) {
            LOG.error("{} {} failed", request.getMethod(), request.getRequestURI(), cause);
        }
        AccessLogFilter.entry(request, response).setFailure(error);
        if (response.isCommitted()) {
            throw error;
        }
        response.resetBuffer();
        send(errors.of(error), request, response);
    }

    /** Makes the next dispatch of the request break its connection, or answer with an error if nothing was sent. */
    static void setAborted(HttpServletRequest request, Throwable cause) {
        request.setAttribute(RESULT, cause);
    }

    /**
     * Breaks the connection of an aborted body.
     *
     * <p>Only an exception from a dispatch makes both Jetty and Tomcat cut a body short; after {@code complete} the
     * client of Tomcat would hang. If nothing was sent yet, the failure is still answered with an error status.
     */
    private static void throwAborted(Throwable cause, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        if (!response.isCommitted() && cause instanceof RegistryException known) {
            throw known;
        }
        writeAborted(AccessLogFilter.entry(request, response), cause);
        // The container recognizes an exception of its own as a disconnected client, and does not log it.
        throw cause instanceof IOException known
                ? known
                : new BodyWriter.AbortedException("the body can't be completed: " + cause.getMessage());
    }

    /** Writes the line of a request whose body was aborted. A client that disconnected needs no other reason. */
    static void writeAborted(AccessLogEntry entry, Throwable cause) {
        if (cause instanceof RegistryException failure) {
            entry.setFailure(failure);
        } else if (cause instanceof BodyWriter.AbortedException) {
            entry.setReason(String.valueOf(cause.getMessage()));
        }
        entry.writeAborted();
    }
}
