package io.ociregistry.web.send;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.anyInt;
import static org.mockito.Mockito.doAnswer;
import static org.mockito.Mockito.doThrow;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.mockingDetails;
import static org.mockito.Mockito.never;
import static org.mockito.Mockito.verify;
import static org.mockito.Mockito.when;

import io.ociregistry.metrics.Metrics;
import io.ociregistry.testing.Await;
import io.ociregistry.web.api.AccessLogEntry;
import io.ociregistry.web.api.Body;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.mockito.ArgumentCaptor;

/** The end of a request whose client disconnects, as the container sees it. Tests in containers cover the sending. */
@Timeout(30)
class BodyWriterTest {
    private final IOException reset = new IOException("Connection reset by peer");

    private final HttpServletRequest request = mock(HttpServletRequest.class);
    private final ServletOutputStream out = mock(ServletOutputStream.class);
    private final AsyncContext async = mock(AsyncContext.class);
    private final BodyWriterContext context =
            new BodyWriterContext(Runnable::run, MinimumRate.DEFAULT, new Metrics().http());
    private BodyWriter bodyWriter;

    @BeforeEach
    void start() throws IOException {
        HttpServletResponse response = mock(HttpServletResponse.class);
        when(response.getOutputStream()).thenReturn(out);
        when(out.isReady()).thenReturn(true);
        when(request.startAsync()).thenReturn(async);
        BodyWriter.start(
                request,
                response,
                new Body.Bytes(new byte[10]),
                context,
                new AccessLogEntry("GET", "/", null, "client", null, () -> 200));
        ArgumentCaptor<WriteListener> listener = ArgumentCaptor.forClass(WriteListener.class);
        verify(out).setWriteListener(listener.capture());
        bodyWriter = (BodyWriter) listener.getValue();
    }

    @AfterEach
    void close() {
        context.close();
    }

    /**
     * Tomcat reuses request and response after the end, so a thread that still writes would fail in the next request.
     */
    @Test
    void requestEndsOnlyWhenNoThreadUsesItsStream() throws Exception {
        CountDownLatch writing = new CountDownLatch(1);
        CountDownLatch unwinding = new CountDownLatch(1);
        doAnswer(call -> {
                    writing.countDown();
                    unwinding.await();
                    throw reset;
                })
                .when(out)
                .write(any(), anyInt(), anyInt());
        Thread writer = new Thread(bodyWriter::onWritePossible);
        writer.start();
        writing.await();

        Thread container = new Thread(() -> bodyWriter.onError(reset));
        container.start();
        Await.until("waits, or has ended", () -> Set.of(Thread.State.BLOCKED, Thread.State.TERMINATED)
                .contains(container.getState()));
        verify(async, never()).complete();

        unwinding.countDown();
        writer.join();
        container.join();
        assertEquals(1, ends(), "one thread ends the request");
    }

    @Test
    void abortedBodyIsNotCompletedToo() throws Exception {
        doThrow(reset).when(out).write(any(), anyInt(), anyInt());
        bodyWriter.onWritePossible();
        bodyWriter.onError(reset);
        verify(async).dispatch();
        verify(async, never()).complete();
    }

    private long ends() {
        return mockingDetails(async).getInvocations().stream()
                .map(call -> call.getMethod().getName())
                .filter(Set.of("complete", "dispatch")::contains)
                .count();
    }
}
