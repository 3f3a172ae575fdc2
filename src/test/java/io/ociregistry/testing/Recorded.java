package io.ociregistry.testing;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One request that a {@link FakeUpstream} has seen, from the moment its headers were read, and what became of it. */
public final class Recorded {
    /** What a request is about. */
    public enum Kind {
        PING,
        MANIFEST,
        BLOB,
        TAGS,
        REFERRERS,
        TOKEN,
        OTHER
    }

    // Greedy, so that the name may itself have components like "manifests".
    private static final Pattern CONTENT = Pattern.compile("/v2/(.+)/(manifests|blobs|referrers)/([^/]+)");
    private static final Pattern TAGS = Pattern.compile("/v2/(.+)/tags/list");
    private static final Pattern STORAGE = Pattern.compile("/storage/([^/]+)");

    private final String method;
    private final String path;
    private final String query;
    private final Headers headers;
    private final String body;
    private final Kind kind;
    private final String repository;
    private final String reference;
    private final AtomicLong bytesSent = new AtomicLong();
    private final CountDownLatch finished = new CountDownLatch(1);
    private volatile int status;
    private volatile boolean broken;

    Recorded(String method, String target, Headers headers, String body) {
        this.method = method;
        int question = target.indexOf('?');
        this.path = question < 0 ? target : target.substring(0, question);
        this.query = question < 0 ? "" : target.substring(question + 1);
        this.headers = headers;
        this.body = body;
        Matcher content = CONTENT.matcher(path);
        Matcher tags = TAGS.matcher(path);
        Matcher storage = STORAGE.matcher(path);
        if (content.matches()) {
            kind = kindOf(content.group(2));
            repository = content.group(1);
            reference = content.group(3);
        } else if (tags.matches()) {
            kind = Kind.TAGS;
            repository = tags.group(1);
            reference = "";
        } else if (storage.matches()) {
            kind = Kind.BLOB;
            repository = "";
            reference = storage.group(1);
        } else {
            kind = path.equals("/v2/") ? Kind.PING : path.equals("/token") ? Kind.TOKEN : Kind.OTHER;
            repository = "";
            reference = "";
        }
    }

    public String method() {
        return method;
    }

    /** The path as sent, not decoded. */
    public String path() {
        return path;
    }

    /** The query as sent, without the question mark; empty if there was none. */
    public String query() {
        return query;
    }

    public Headers headers() {
        return headers;
    }

    public Optional<String> header(String name) {
        return headers.first(name);
    }

    /** What was sent with it; empty if nothing. */
    public String body() {
        return body;
    }

    public Kind kind() {
        return kind;
    }

    /** Empty for what is not below a repository. */
    public String repository() {
        return repository;
    }

    /** The tag or digest; empty if the path has none. */
    public String reference() {
        return reference;
    }

    /** The status that was answered; 0 if none, or not yet. */
    public int status() {
        return status;
    }

    /** Bytes of the body that have been handed to the connection so far. */
    public long bytesSent() {
        return bytesSent.get();
    }

    /** True if the connection broke, by either side, before the whole answer was sent. */
    public boolean broken() {
        return broken;
    }

    /** Waits until the answer is sent or its connection is gone. */
    public void awaitFinished() {
        Gate.await(finished, Duration.ofSeconds(20), this + " is still being answered");
    }

    /** False while the answer is still being sent. */
    public boolean finished() throws InterruptedException {
        return finished.await(0, TimeUnit.NANOSECONDS);
    }

    void answeredWith(int code) {
        status = code;
    }

    void sent(int bytes) {
        bytesSent.addAndGet(bytes);
    }

    void finish(boolean asBroken) {
        broken = asBroken;
        finished.countDown();
    }

    private static Kind kindOf(String component) {
        return switch (component) {
            case "manifests" -> Kind.MANIFEST;
            case "blobs" -> Kind.BLOB;
            default -> Kind.REFERRERS;
        };
    }

    /** As in an access log: {@code GET /v2/… 200}. */
    @Override
    public String toString() {
        String range = header("Range").map(value -> " [" + value + "]").orElse("");
        return method + " " + path + (query.isEmpty() ? "" : "?" + query) + range + " " + status;
    }
}
