package io.ociregistry.upstream.http;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.MediaType;
import io.ociregistry.oci.Reference;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.upstream.BlobAnswer;
import io.ociregistry.upstream.HeadAnswer;
import io.ociregistry.upstream.ListAnswer;
import io.ociregistry.upstream.ManifestAnswer;
import io.ociregistry.upstream.Priority;
import io.ociregistry.upstream.RequestKind;
import io.ociregistry.upstream.SourceState;
import io.ociregistry.upstream.Upstream;
import io.ociregistry.upstream.address.Origin;
import io.ociregistry.upstream.health.Health;
import io.ociregistry.upstream.net.ErrorMapping;
import io.ociregistry.upstream.net.HttpAnswer;
import io.ociregistry.upstream.work.Bandwidth;
import io.ociregistry.upstream.work.UpstreamExecutors;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.NameValuePair;
import org.apache.hc.core5.http.message.BasicNameValuePair;

/** A registry that is reached over HTTP, or one mirror of it. Thread-safe. */
public final class HttpUpstream implements Upstream {
    private static final Pattern CONTENT_RANGE = Pattern.compile("bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\\*)");
    private static final String MANIFESTS = "manifests";
    private static final List<NameValuePair> MANIFEST_HEADERS =
            List.of(new BasicNameValuePair("Accept", MediaType.ACCEPT_MANIFESTS));
    private static final List<NameValuePair> LIST_HEADERS =
            List.of(new BasicNameValuePair("Accept", MediaType.OCI_INDEX + ", application/json"));

    /** A request for the first byte; the answer has the size of the whole blob. */
    private static final List<NameValuePair> ONE_BYTE = List.of(new BasicNameValuePair("Range", "bytes=0-0"));

    private final RegistryName name;
    private final UpstreamLocation location;
    private final Origin origin;
    private final UpstreamTransport transport;
    private final Health health;
    private final UpstreamExecutors executors;
    private final Optional<Bandwidth> bandwidth;

    public HttpUpstream(
            RegistryName name,
            UpstreamLocation location,
            UpstreamTransport transport,
            Health health,
            UpstreamExecutors executors,
            Optional<Bandwidth> bandwidth) {
        this.name = name;
        this.location = location;
        this.origin = location.origin();
        this.transport = transport;
        this.health = health;
        this.executors = executors;
        this.bandwidth = bandwidth;
    }

    @Override
    public void check(RequestKind kind) {
        health.check(kind);
    }

    /**
     * Stops probes and keeps the breaker closed, because this upstream was replaced. Requests in flight continue.
     */
    public void drain() {
        health.breaker().disable();
    }

    @Override
    public RegistryName name() {
        return name;
    }

    @Override
    public ManifestAnswer manifest(String repository, Reference reference, long maxBytes) {
        return observed(() -> {
            String action = describe("GET manifest", repository, reference);
            HttpAnswer answer =
                    send(RequestKind.MANIFEST, "GET", MANIFESTS, repository, reference, action, MANIFEST_HEADERS);
            try {
                check(answer, action, ErrorCode.MANIFEST_UNKNOWN);
                byte[] bytes = read(answer, maxBytes, action, "clients refuse such manifests, see maxManifestBytes");
                return new ManifestAnswer(
                        bytes, RegistryRequest.contentType(answer.response()), sender(), isStale(answer.response()));
            } catch (IOException e) {
                throw ErrorMapping.of(action, origin, e);
            } finally {
                answer.abort();
            }
        });
    }

    @Override
    public HeadAnswer headManifest(String repository, Reference reference) {
        return observed(() -> {
            String action = describe("HEAD manifest", repository, reference);
            return head(
                    MANIFESTS,
                    repository,
                    reference,
                    action,
                    ErrorCode.MANIFEST_UNKNOWN,
                    MANIFEST_HEADERS,
                    MANIFEST_HEADERS);
        });
    }

    @Override
    public HeadAnswer headBlob(String repository, Digest digest) {
        return observed(() -> {
            String action = describe("HEAD blob", repository, digest);
            HeadAnswer answer = head("blobs", repository, digest, action, ErrorCode.BLOB_UNKNOWN, List.of(), ONE_BYTE);
            if (answer.digest().filter(sent -> isOther(sent, digest)).isPresent()) {
                throw new RegistryException(
                        ErrorCode.UPSTREAM_WRONG_CONTENT,
                        action + ": the answer is about another blob: "
                                + answer.digest().get());
            }
            return new HeadAnswer(
                    possibleSize(digest, answer.size()), answer.contentType(), answer.digest(), answer.stale());
        });
    }

    /** Some registries send the SHA-256 digest for every blob, so digests of different algorithms are not compared. */
    private static boolean isOther(Digest sent, Digest digest) {
        return sent.algorithm() == digest.algorithm() && !sent.equals(digest);
    }

    /** Removes an impossible size: some proxies send {@code Content-Length: 0} with answers to HEAD. */
    private static OptionalLong possibleSize(Digest digest, OptionalLong size) {
        return size.isPresent() && digest.canHaveSize(size.getAsLong()) ? size : OptionalLong.empty();
    }

    @Override
    public OptionalLong blobSize(String repository, Digest digest) {
        return observed(() -> {
            String action = describe("GET the first byte of blob", repository, digest);
            HttpAnswer answer = send(RequestKind.OTHER, "GET", "blobs", repository, digest, action, ONE_BYTE);
            return possibleSize(digest, wholeSize(answer, true, action, ErrorCode.BLOB_UNKNOWN));
        });
    }

    @Override
    public BlobAnswer blob(String repository, Digest digest, long from) {
        return observed(() -> {
            String action = describe("GET blob", repository, digest);
            return blob(repository, digest, from, from == 0 ? "" : "bytes=" + from + "-", action);
        });
    }

    @Override
    public BlobAnswer blobPart(String repository, Digest digest, long from, long to) {
        return observed(() -> {
            String action = describe("GET part of blob", repository, digest);
            BlobAnswer answer = blob(repository, digest, from, "bytes=" + from + "-" + (to - 1), action);
            if (answer.from() != from) {
                answer.close();
                throw wrongRange(from, action);
            }
            return answer;
        });
    }

    private BlobAnswer blob(String repository, Digest digest, long from, String range, String action) {
        List<NameValuePair> headers = range.isEmpty() ? List.of() : List.of(new BasicNameValuePair("Range", range));
        HttpAnswer answer = send(RequestKind.BLOB, "GET", "blobs", repository, digest, action, headers);
        try {
            checkRange(answer, from, action);
            if (from > 0 && answer.response().getCode() == 206) {
                return partial(answer, from, action);
            }
            check(answer, action, ErrorCode.BLOB_UNKNOWN);
            return whole(answer, digest, action);
        } catch (IOException | RuntimeException e) {
            answer.abort();
            throw e instanceof IOException broken ? ErrorMapping.of(action, origin, broken) : (RuntimeException) e;
        }
    }

    @Override
    public ListAnswer list(String repository, String path, String query, long maxBytes) {
        return observed(() -> {
            String action = "GET " + path + " of " + name + "/" + repository + ofMirror();
            RequestKind kind = path.startsWith("referrers/") ? RequestKind.REFERRERS : RequestKind.OTHER;
            URI uri = location.uri(repository, path, query);
            OutgoingRequest request =
                    new OutgoingRequest(kind, "GET", uri, location.repository(repository), action, LIST_HEADERS);
            HttpAnswer answer = new RegistryRequest(transport, health, request).send(RegistryRequest.SAME_RESOURCE);
            try {
                ClassicHttpResponse response = answer.response();
                if (ListAnswer.ABSENT_STATUSES.contains(response.getCode())) {
                    answer.consumeOrAbort();
                    return ListAnswer.absent(response.getCode());
                }
                check(answer, action, ErrorCode.NAME_UNKNOWN);
                byte[] bytes = read(answer, maxBytes, action, "this server accepts no larger lists");
                return new ListAnswer(
                        200, RegistryRequest.contentType(response), bytes, NextLink.query(response), isStale(response));
            } catch (IllegalArgumentException e) {
                throw new RegistryException(
                        ErrorCode.UPSTREAM_BAD_ANSWER,
                        action + ": its Link to the next page is invalid: " + e.getMessage(),
                        e);
            } catch (IOException e) {
                throw ErrorMapping.of(action, origin, e);
            } finally {
                answer.abort();
            }
        });
    }

    /** Returns true for a mirror that is a pull-through cache, so that its answers are those of the registry. */
    public boolean isPullThroughMirror() {
        return location.isPullThroughMirror();
    }

    @Override
    public List<SourceState> sources() {
        return List.of(health.state());
    }

    @Override
    public List<String> probeNow() {
        return health.breaker().probeNow() ? List.of(health.source().origin().toString()) : List.of();
    }

    @Override
    public Duration silence() {
        return health.silenceDetector().silence();
    }

    /**
     * Throws as {@link #check} does, and also for a silent mirror, because another source can be asked.
     *
     * @throws RegistryException also {@code UPSTREAM_TIMEOUT}
     */
    public void checkUsable(RequestKind kind) {
        check(kind);
        if (location.isMirror() && health.silenceDetector().isSuspect()) {
            throw new RegistryException(
                    ErrorCode.UPSTREAM_TIMEOUT,
                    this + " has not answered other requests for " + silence().toSeconds() + " s, and is skipped");
        }
    }

    /** Returns true if {@link #checkUsable} does not throw. */
    public boolean isUsable(RequestKind kind) {
        try {
            checkUsable(kind);
            return true;
        } catch (RegistryException e) {
            return false;
        }
    }

    @Override
    public boolean hasAlternative(String repository, Digest digest) {
        return false;
    }

    @Override
    public boolean skip(String repository, Digest digest) {
        return false;
    }

    @Override
    public Executor metadata(Priority priority) {
        return executors.metadata(priority);
    }

    @Override
    public Executor blobs(Priority priority) {
        return executors.blobs(priority);
    }

    private HeadAnswer head(
            String path,
            String repository,
            Reference reference,
            String action,
            ErrorCode notFound,
            List<NameValuePair> headers,
            List<NameValuePair> headersOfGet) {
        HttpAnswer answer = send(RequestKind.OTHER, "HEAD", path, repository, reference, action, headers);
        boolean byGet = refusesHead(answer);
        if (byGet) {
            answer.consumeOrAbort();
            answer = send(RequestKind.OTHER, "GET", path, repository, reference, action, headersOfGet);
        }
        ClassicHttpResponse response = answer.response();
        OptionalLong size = wholeSize(answer, byGet && headersOfGet.equals(ONE_BYTE), action, notFound);
        return new HeadAnswer(size, RegistryRequest.contentType(response), digest(response), isStale(response));
    }

    /**
     * Returns the size of the whole content that an answer describes. Discards the answer.
     *
     * @param oneByte true if only the first byte was requested, so that 206 is the expected status
     */
    private static OptionalLong wholeSize(HttpAnswer answer, boolean oneByte, String action, ErrorCode notFound) {
        try {
            ClassicHttpResponse response = answer.response();
            boolean isPart = oneByte && response.getCode() == 206;
            if (!isPart) {
                check(answer, action, notFound);
            }
            if (UnrequestedEncoding.isDeclared(response)) {
                return OptionalLong.empty();
            }
            return isPart ? wholeSize(response) : length(response);
        } finally {
            answer.abort();
        }
    }

    /** Old registries do not support HEAD, and presigned URLs are often signed for GET only. */
    private boolean refusesHead(HttpAnswer answer) {
        int status = answer.response().getCode();
        return status == 405
                || status == 501
                || (status == 403 && !answer.origin().equals(origin));
    }

    private static OptionalLong wholeSize(ClassicHttpResponse part) {
        Header header = part.getFirstHeader("Content-Range");
        Matcher range = CONTENT_RANGE.matcher(header == null ? "" : header.getValue());
        boolean hasSize =
                range.matches() && range.group(1).equals("0") && !range.group(3).equals("*");
        return hasSize ? OptionalLong.of(Long.parseLong(range.group(3))) : OptionalLong.empty();
    }

    private HttpAnswer send(
            RequestKind kind,
            String method,
            String path,
            String repository,
            Reference reference,
            String action,
            List<NameValuePair> headers) {
        URI uri = location.uri(repository, path + "/" + reference, "");
        boolean isManifestByDigest = path.equals(MANIFESTS) && reference instanceof Digest;
        OutgoingRequest request =
                new OutgoingRequest(kind, method, uri, location.repository(repository), action, headers);
        return new RegistryRequest(transport, isManifestByDigest ? health.forManifestsByDigest() : health, request)
                .send();
    }

    /** A caching mirror sends these warn-codes (RFC 7234, 5.5) with content that it could not revalidate. */
    private boolean isStale(ClassicHttpResponse response) {
        return location.isPullThroughMirror()
                && Arrays.stream(response.getHeaders("Warning"))
                        .anyMatch(warning -> warning.getValue().matches("\\s*(110|111|299)\\b.*"));
    }

    private static void checkRange(HttpAnswer answer, long from, String action) {
        if (answer.response().getCode() == 416) {
            throw new RegistryException(
                    ErrorCode.UPSTREAM_WRONG_CONTENT,
                    action + ": the upstream's blob has no byte " + from
                            + ", so the bytes received before are not of this blob");
        }
    }

    private static void check(HttpAnswer answer, String action, ErrorCode notFound) {
        if (answer.response().getCode() != 200) {
            answer.consumeOrAbort();
            throw ErrorMapping.of(action, answer.origin(), answer.response(), notFound);
        }
    }

    private BlobAnswer whole(HttpAnswer answer, Digest digest, String action) throws IOException {
        OptionalLong size = length(answer.response());
        if (size.isPresent() && !digest.canHaveSize(size.getAsLong())) {
            throw new RegistryException(
                    ErrorCode.UPSTREAM_BAD_ANSWER, action + ": the answer is empty, but the blob is not");
        }
        return new HttpBlobAnswer(
                answer, 0, size, sender(), bandwidth, count -> health.recordReceived(answer.origin(), count));
    }

    private BlobAnswer partial(HttpAnswer answer, long from, String action) throws IOException {
        Header header = answer.response().getFirstHeader("Content-Range");
        Matcher range = CONTENT_RANGE.matcher(header == null ? "" : header.getValue());
        if (!range.matches() || Long.parseLong(range.group(1)) != from) {
            throw wrongRange(from, action);
        }
        long last = Long.parseLong(range.group(2));
        OptionalLong size =
                range.group(3).equals("*") ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(range.group(3)));
        // The upstream may send less than requested, but not an impossible range.
        if (last < from || last >= size.orElse(Long.MAX_VALUE)) {
            throw wrongRange(from, action);
        }
        return new HttpBlobAnswer(
                answer, from, size, sender(), bandwidth, count -> health.recordReceived(answer.origin(), count));
    }

    private static RegistryException wrongRange(long from, String action) {
        return new RegistryException(
                ErrorCode.UPSTREAM_BAD_ANSWER,
                action + ": the upstream was asked for the bytes from " + from + " on and sent another range");
    }

    private <T> T observed(Supplier<T> request) {
        try {
            return health.outcomes().observe(request);
        } catch (RegistryException e) {
            throw e.from(sender());
        }
    }

    private String sender() {
        return location.isMirror() ? origin.toString() : name.toString();
    }

    private byte[] read(HttpAnswer answer, long maxBytes, String action, String reason) throws IOException {
        HttpEntity entity = answer.response().getEntity();
        if (entity == null) {
            return new byte[0];
        }
        int limit = (int) Math.min(maxBytes, Integer.MAX_VALUE - 16) + 1;
        if (entity.getContentLength() < limit) {
            InputStream in = entity.getContent();
            byte[] bytes = in.readNBytes(limit);
            health.recordReceived(answer.origin(), bytes.length);
            bytes = bytes.length < limit ? UnrequestedEncoding.decode(answer.response(), bytes, limit) : bytes;
            if (bytes.length < limit) {
                return bytes;
            }
        }
        throw new RegistryException(
                ErrorCode.UPSTREAM_BAD_ANSWER,
                action + ": the answer is larger than " + maxBytes + " bytes; " + reason);
    }

    private static OptionalLong length(ClassicHttpResponse response) {
        Header header = response.getFirstHeader("Content-Length");
        boolean isNumber = header != null && header.getValue().matches("[0-9]{1,18}");
        return isNumber ? OptionalLong.of(Long.parseLong(header.getValue())) : OptionalLong.empty();
    }

    private static Optional<Digest> digest(ClassicHttpResponse response) {
        Header header = response.getFirstHeader("Docker-Content-Digest");
        try {
            return header == null ? Optional.empty() : Optional.of(Digest.parse(header.getValue()));
        } catch (RegistryException unreadable) {
            return Optional.empty();
        }
    }

    private String describe(String verb, String repository, Reference reference) {
        return verb + " " + name + "/" + repository + reference.separator() + reference + ofMirror();
    }

    private String ofMirror() {
        return location.isMirror() ? " from the mirror " + origin : "";
    }

    @Override
    public String toString() {
        return location.isMirror() ? "the mirror " + origin + " of " + name : name.toString();
    }
}
