package io.ociregistry.testing;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A request that a {@link FakeUpstream} received, from the moment when its headers were read, and its outcome. */
public final class Recorded {
    /** The kind of a request. */
    public enum Kind {
        PING,
        MANIFEST,
        BLOB,
        TAGS,
        REFERRERS,
        TOKEN,
        OTHER
    }

    // Greedy, because the name may contain components like "manifests".
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

    /** Returns the path as sent, not decoded. */
    public String path() {
        return path;
    }

    /** Returns the query as sent, without the question mark; empty if there is none. */
    public String query() {
        return query;
    }

    public Headers headers() {
        return headers;
    }

    public Optional<String> header(String name) {
        return headers.first(name);
    }

    /** Returns the request body; empty if there is none. */
    public String body() {
        return body;
    }

    public Kind kind() {
        return kind;
    }

    /** Returns the repository; empty for paths outside of a repository. */
    public String repository() {
        return repository;
    }

    /** Returns the tag or digest; empty if the path has none. */
    public String reference() {
        return reference;
    }

    /** Returns the response status; 0 if there is none yet. */
    public int status() {
        return status;
    }

    /** Returns the number of body bytes passed to the connection so far. */
    public long bytesSent() {
        return bytesSent.get();
    }

    /** Returns true if either side broke the connection before the whole response was sent. */
    public boolean broken() {
        return broken;
    }

    /** Waits until the response is sent or the connection is closed. */
    public void awaitFinished() {
        Gate.await(finished, Duration.ofSeconds(20), this + " is still being answered");
    }

    /** Returns false while the response is being sent. */
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

    /** Returns the request as in an access log: {@code GET /v2/… 200}. */
    @Override
    public String toString() {
        String range = header("Range").map(value -> " [" + value + "]").orElse("");
        return method + " " + path + (query.isEmpty() ? "" : "?" + query) + range + " " + status;
    }
}
