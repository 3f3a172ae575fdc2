package io.ociregistry.web.api;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Text;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntSupplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The line of one request in the access log, written once at info, when the request is over. Thread-safe.
 *
 * <p>Fields: method, path and redacted query as received, status, bytes of the body, milliseconds, client address and
 * {@code User-Agent}. A failure that is not a mistake of the client adds its reason, because clients such as containerd
 * do not show the text of an error. Headers are not logged, because they contain secrets.
 */
public final class AccessLogEntry {
    private static final Logger LOG = LoggerFactory.getLogger("io.ociregistry.access");
    private static final AccessLogQueue LINES = new AccessLogQueue();
    private static final Pattern NOT_IN_FIELD = Pattern.compile("[^ !#-~]");

    private final String method;
    private final String path;
    private final @Nullable String query;
    private final String client;
    private final @Nullable String userAgent;
    private final IntSupplier status;
    private final long start = System.nanoTime();
    private final AtomicLong sent = new AtomicLong();
    private final AtomicBoolean written = new AtomicBoolean();
    private volatile String why = "";

    /**
     * Starts the time of a request.
     *
     * @param status returns the status of the answer when the request is over
     */
    public AccessLogEntry(
            String method,
            String path,
            @Nullable String query,
            String client,
            @Nullable String userAgent,
            IntSupplier status) {
        this.method = method;
        this.path = path;
        this.query = query;
        this.client = client;
        this.userAgent = userAgent;
        this.status = status;
    }

    /** Returns whether the level of the log lets lines through. */
    public static boolean isEnabled() {
        return LOG.isInfoEnabled();
    }

    /** Writes the lines of all requests that are over. Called when a server has stopped. */
    public static void closeLog() {
        LINES.close();
    }

    /** Adds to the number of bytes sent. */
    public void addBytes(long bytes) {
        sent.addAndGet(bytes);
    }

    /** Adds the reason of a failure. */
    public void addReason(RegistryException failure) {
        boolean isServerSide = failure.code().status() >= 500
                || failure.code() == ErrorCode.DENIED
                || failure.code() == ErrorCode.TOO_MANY_REQUESTS;
        if (isServerSide) {
            why = ": " + Text.printable(failure.getMessage());
        }
    }

    /** Writes the line of a request that was answered. */
    public void write() {
        write("");
    }

    /** Writes the line of a request whose body was aborted. */
    public void writeAborted() {
        write(" (aborted)");
    }

    private void write(String suffix) {
        if (!written.compareAndSet(false, true)) {
            return;
        }
        int code = status.getAsInt();
        long bytes = sent.get();
        long millis = (System.nanoTime() - start) / 1_000_000;
        LINES.add(() -> write(code, bytes, millis, suffix));
    }

    private void write(int code, long bytes, long millis, String suffix) {
        LOG.info(
                "{} {}{} {} {}B {}ms {} \"{}\"{}{}",
                method,
                printable(path),
                query == null ? "" : "?" + printable(RedactedQuery.of(query)),
                code,
                bytes,
                millis,
                client,
                printable(userAgent),
                suffix,
                why);
    }

    /** Replaces characters by which a client could end the line or forge another field. */
    private static String printable(@Nullable String text) {
        return text == null ? "-" : NOT_IN_FIELD.matcher(text).replaceAll("?");
    }
}
