package io.ociregistry.web.api;

import io.ociregistry.metrics.Provenance;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.Text;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntSupplier;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The facts about one request. Its line in the access log is written once at info, when the request is over.
 * Thread-safe.
 *
 * <p>{@code docs/logs.md} describes the fields; scripts read them, so new fields come after the old ones. The reason of
 * a failure is part of the line, because clients such as containerd do not show the text of an error. Headers are not
 * logged, because they contain secrets.
 */
public final class AccessLogEntry {
    private static final Logger LOG = LoggerFactory.getLogger("io.ociregistry.access");
    private static final AccessLogQueue LINES = new AccessLogQueue();
    private static final int EXPECTED_LENGTH = 256;
    private static final String NONE = "-";

    private final String method;
    private final String path;
    private final @Nullable String query;
    private final String client;
    private final @Nullable String userAgent;
    private final IntSupplier status;
    private final long start = System.nanoTime();
    private final AtomicLong sent = new AtomicLong();
    private final AtomicBoolean written = new AtomicBoolean();
    private volatile String user = NONE;
    private volatile @Nullable Provenance provenance;
    private volatile String reason = "";
    private volatile LongConsumer counter = bytes -> {};

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
        counter.accept(bytes);
    }

    /** Sets the name of the authenticated user. */
    public void setUser(String name) {
        user = name;
    }

    /** Sets the part of the cache in the answer. */
    public void setProvenance(Provenance known) {
        provenance = known;
    }

    /** Returns the part of the cache in the answer; empty if it is not known or the answer has no content. */
    public Optional<Provenance> provenance() {
        return Optional.ofNullable(provenance);
    }

    /** Sets the counter that gets the bytes of the body too. */
    void setCounter(LongConsumer metric) {
        counter = metric;
    }

    /** Sets the reason of a failure, and the part of the cache in it. */
    public void setFailure(RegistryException failure) {
        setReason(failure.getMessage());
        provenance = Provenance.of(failure);
        counter = bytes -> {};
    }

    /** Sets the reason of a failure. */
    public void setReason(String why) {
        reason = Text.printable(why);
    }

    /** Writes the line of a request that was answered. */
    public void write() {
        write(false);
    }

    /** Writes the line of a request whose body was aborted. */
    public void writeAborted() {
        write(true);
    }

    private void write(boolean aborted) {
        if (!isEnabled() || !written.compareAndSet(false, true)) {
            return;
        }
        int code = status.getAsInt();
        long bytes = sent.get();
        long millis = (System.nanoTime() - start) / 1_000_000;
        LINES.add(() -> write(code, bytes, millis, aborted));
    }

    private void write(int code, long bytes, long millis, boolean aborted) {
        String asked = printable(path, ' ');
        String redacted = query == null ? "" : printable(RedactedQuery.of(query), ' ');
        String agent = userAgent == null ? NONE : printable(userAgent, ' ');
        Provenance known = provenance;
        String result = known == null ? NONE : known.result().toString();
        String source = known == null ? NONE : word(known.source());
        String name = word(user);
        StringBuilder line = new StringBuilder(EXPECTED_LENGTH);
        line.append(method).append(' ').append(asked);
        if (!redacted.isEmpty()) {
            line.append('?').append(redacted);
        }
        line.append(' ').append(code).append(' ').append(bytes).append("B ").append(millis);
        line.append("ms ").append(client).append(" \"").append(agent);
        line.append("\" result=")
                .append(result)
                .append(" source=")
                .append(source)
                .append(" user=")
                .append(name);
        if (aborted) {
            line.append(" (aborted)");
        }
        if (!reason.isEmpty()) {
            line.append(": ").append(reason);
        }
        LOG.atInfo()
                .addKeyValue("method", method)
                .addKeyValue("path", asked)
                .addKeyValue("query", redacted)
                .addKeyValue("status", code)
                .addKeyValue("bytes", bytes)
                .addKeyValue("millis", millis)
                .addKeyValue("client", client)
                .addKeyValue("agent", agent)
                .addKeyValue("result", result)
                .addKeyValue("source", source)
                .addKeyValue("user", name)
                .addKeyValue("aborted", aborted)
                .addKeyValue("reason", reason)
                .log(line.toString());
    }

    /** Replaces characters by which a client could end the line or forge another field. */
    private static String printable(String text, char first) {
        for (int i = 0; i < text.length(); i++) {
            if (!isPrintable(text.charAt(i), first)) {
                return replaced(text, first);
            }
        }
        return text;
    }

    private static boolean isPrintable(char character, char first) {
        return character >= first && character <= '~' && character != '"';
    }

    private static String replaced(String text, char first) {
        StringBuilder replaced = new StringBuilder(text.length());
        text.chars().forEach(c -> replaced.append(isPrintable((char) c, first) ? (char) c : '?'));
        return replaced.toString();
    }

    /** Does the same for a field that ends with a space. */
    private static String word(String text) {
        return text.isEmpty() ? NONE : printable(text, '!');
    }
}
