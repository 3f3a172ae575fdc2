package io.ociregistry.testing;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.MediaType;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;

/**
 * A registry on loopback, over real HTTP or HTTPS, that serves pushed content, records every request and fails as
 * configured.
 *
 * <p>It can also be the token service or the blob storage of another fake upstream. All settings may be changed while
 * it serves.
 */
public final class FakeUpstream implements AutoCloseable {
    private final FakeServer server;
    private final FakeRepositories repositories = new FakeRepositories();
    private final FaultRules rules = new FaultRules();
    private final AtomicInteger redirects = new AtomicInteger();
    private volatile FakeAuth auth = new FakeAuth.Open();
    private volatile FakeAuth.Tokens tokens = new FakeAuth.Tokens(Optional.empty());
    private volatile FakeRegistry registry = new FakeRegistry(repositories);
    private volatile Optional<FakeUpstream> storage = Optional.empty();

    private FakeUpstream(Optional<SSLContext> tls, FakeServer.ClientCertificates certificates) {
        server = new FakeServer(tls, certificates, this::answer);
    }

    public static FakeUpstream start() {
        return new FakeUpstream(Optional.empty(), FakeServer.ClientCertificates.NONE);
    }

    public static FakeUpstream startTls(TestCertificates.Server certificate) {
        return new FakeUpstream(Optional.of(certificate.sslContext()), FakeServer.ClientCertificates.NONE);
    }

    /**
     * Starts it like an ingress: it presents the certificate for the name in the TLS handshake, and aborts the
     * handshake for any other name or none.
     */
    public static FakeUpstream startTlsByName(TestCertificates authority, String... names) {
        return new FakeUpstream(Optional.of(authority.serverByName(names)), FakeServer.ClientCertificates.NONE);
    }

    /** Requires a client certificate of the same authority. */
    public static FakeUpstream startMutualTls(TestCertificates.Server certificate) {
        return new FakeUpstream(Optional.of(certificate.sslContext()), FakeServer.ClientCertificates.NEEDED);
    }

    /** Requests a client certificate, and also accepts clients without a certificate. */
    public static FakeUpstream startAskingForCertificates(TestCertificates.Server certificate) {
        return new FakeUpstream(Optional.of(certificate.sslContext()), FakeServer.ClientCertificates.ASKED_FOR);
    }

    /** Returns {@code 127.0.0.1:PORT}. */
    public String registry() {
        return "127.0.0.1:" + port();
    }

    public int port() {
        return server.port();
    }

    /** Returns the URL without a trailing slash. */
    public String url() {
        return server.url();
    }

    // Content.

    /** Builds an image to push with a tag. */
    public FakeImage.Builder image(String repository, String tag) {
        return new FakeImage.Builder(this, repository, Optional.of(tag));
    }

    /** Builds an image to push without a tag. */
    public FakeImage.Builder image(String repository) {
        return new FakeImage.Builder(this, repository, Optional.empty());
    }

    /** Pushes an index of images of the same repository. */
    public FakeIndex index(String repository, String tag, FakeImage... images) {
        FakeIndex index = FakeIndex.of(repository, List.of(images));
        manifest(repository, tag, index.mediaType(), index.bytes());
        return index;
    }

    public Digest blob(String repository, Content content) {
        return repositories.putBlob(repository, content);
    }

    /** Pushes any bytes as a manifest without a tag. */
    public Digest manifest(String repository, MediaType mediaType, byte[] bytes) {
        return repositories.putManifest(repository, mediaType, bytes);
    }

    public Digest manifest(String repository, String tag, MediaType mediaType, byte[] bytes) {
        Digest digest = manifest(repository, mediaType, bytes);
        tag(repository, tag, digest);
        return digest;
    }

    /** Sets a tag to a manifest, by either digest. */
    public void tag(String repository, String tag, Digest digest) {
        repositories.tag(repository, tag, digest);
    }

    public void untag(String repository, String tag) {
        repositories.untag(repository, tag);
    }

    /** Adds a descriptor, given as JSON, to the referrers of a subject. */
    public void referrer(String repository, Digest subject, String descriptor) {
        repositories.refer(repository, subject, descriptor);
    }

    /** Limits the pages of tags and referrers to this number of entries. */
    public FakeUpstream pagesOf(int entries) {
        registry.pagesOf(entries);
        return this;
    }

    /**
     * Returns tags in pages of this size, whatever size the client requests, with an opaque token as the only link to
     * the next page.
     */
    public FakeUpstream pagesByToken(int entries) {
        registry.pagesByToken(entries);
        return this;
    }

    // Access.

    public FakeUpstream requireBasic(String user, String password) {
        auth = new FakeAuth.Basic(user, password);
        return this;
    }

    /** Requires tokens; the {@code /token} of this server issues them for the password. */
    public FakeUpstream requireBearer(String user, String password) {
        return requireTokens(new FakeAuth.Tokens(Optional.of(new FakeAuth.Basic(user, password))), this);
    }

    /** Requires tokens; the {@code /token} of this server issues them to clients without credentials. */
    public FakeUpstream requireAnonymousBearer() {
        return requireTokens(new FakeAuth.Tokens(Optional.empty()), this);
    }

    /** Requires tokens that the {@code /token} of another fake upstream issues by the current rules. */
    public FakeUpstream tokensFrom(FakeUpstream other) {
        return requireTokens(tokens, other);
    }

    /** Sets the lifetime of further tokens. */
    public FakeUpstream tokensLive(Duration time) {
        tokens.live(time);
        return this;
    }

    /** Revokes all issued tokens. */
    public void revokeTokens() {
        tokens.revokeAll();
    }

    private FakeUpstream requireTokens(FakeAuth.Tokens issued, FakeUpstream issuer) {
        tokens = issued;
        issuer.tokens = issued;
        auth = new FakeAuth.Bearer(issued, issuer.url() + "/token");
        return this;
    }

    /** Redirects GETs and HEADs of blobs to another fake upstream, which refuses requests with Authorization. */
    public FakeUpstream redirectBlobsTo(FakeUpstream other) {
        other.auth = new FakeAuth.Storage();
        other.registry = new FakeRegistry(repositories);
        storage = Optional.of(other);
        return this;
    }

    // Faults.

    /** Sets the fault for matching requests; the first matching rule that is not used up applies. */
    public Rule on(Match match) {
        return new Rule(match);
    }

    /** Removes all rules, opens all gates, restores the original certificate, and listens again. */
    public void heal() {
        rules.clear();
        server.ownCertificate();
        server.listener().listen();
    }

    /** Stops every GET of the blob before the byte at this position, until the gate is released. Faults still apply. */
    public Gate holdBlobAfter(Digest digest, long bytes) {
        return rules.hold(Match.blob(digest).get(), bytes);
    }

    /** Stops only the next GET of the blob before the byte at this position, until the gate is released. */
    public Gate holdNextBlobAfter(Digest digest, long bytes) {
        return rules.holdOnce(Match.blob(digest).get(), bytes);
    }

    /** Stops every matching request before its response begins, until the gate is released. Faults still apply. */
    public Gate hold(Match match) {
        return rules.hold(match);
    }

    /** Resets all open connections. */
    public void resetConnections() {
        server.resetConnections();
    }

    /** Discards the input of the connections that are open now, as after the restart of a NAT; new connections work. */
    public void swallowConnections() {
        server.swallowConnections();
    }

    /** A rule under construction. */
    public final class Rule {
        private final Match match;

        private Rule(Match match) {
            this.match = match;
        }

        public FakeUpstream once(Fault fault) {
            return times(1, fault);
        }

        public FakeUpstream times(int n, Fault fault) {
            if (isOfConnections(fault)) {
                throw new IllegalArgumentException(fault + " can't be counted; use always, and heal() when it is over");
            }
            rules.add(match, fault, n);
            return FakeUpstream.this;
        }

        public FakeUpstream always(Fault fault) {
            if (fault instanceof Fault.RefuseConnection) {
                refuseConnections();
                return FakeUpstream.this;
            }
            if (fault instanceof Fault.Blackhole) {
                server.listener().hang();
                resetConnections();
                return FakeUpstream.this;
            }
            if (fault instanceof Fault.OtherCertificate other) {
                server.show(other.certificate().sslContext());
                resetConnections();
                return FakeUpstream.this;
            }
            return times(Integer.MAX_VALUE, fault);
        }

        private static boolean isOfConnections(Fault fault) {
            return fault instanceof Fault.RefuseConnection
                    || fault instanceof Fault.Blackhole
                    || fault instanceof Fault.OtherCertificate;
        }
    }

    /** Refuses connections and resets the open ones, until {@link #heal()}. */
    public void refuseConnections() {
        server.listener().refuse();
        resetConnections();
    }

    // Observations.

    /** Returns all requests so far, including token requests and requests answered with 401, in order of arrival. */
    public List<Recorded> requests() {
        return List.copyOf(server.requests());
    }

    public List<Recorded> requests(Match match) {
        return server.requests().stream().filter(match::matches).toList();
    }

    /** Returns the requests with this path prefix. */
    public List<Recorded> requestsTo(String pathPrefix) {
        return server.requests().stream()
                .filter(request -> request.path().startsWith(pathPrefix))
                .toList();
    }

    /** Returns the number of connections accepted so far. */
    public int connections() {
        return server.connections();
    }

    /** Returns the number of open connections. */
    public int openConnections() {
        return server.openConnections();
    }

    /** Clears the recorded requests. */
    public void forgetRequests() {
        server.requests().clear();
    }

    @Override
    public void close() {
        rules.clear();
        server.close();
    }

    // Request handling.

    private Answer answer(Recorded request) {
        Optional<Answer> refusal = request.kind() == Recorded.Kind.TOKEN ? Optional.empty() : auth.refusal(request);
        if (refusal.isPresent()) {
            return refusal.get();
        }
        Optional<Fault> fault = rules.take(request);
        if (fault.isPresent() && fault.get() instanceof Fault.ExpiredToken) {
            tokens.revokeAll();
            return auth.refusal(request).orElseGet(() -> goodAnswer(request));
        }
        Answer answer = goodAnswer(request);
        fault.ifPresent(bending -> bending.bend(answer, request));
        rules.hold(answer, request);
        return answer;
    }

    private Answer goodAnswer(Recorded request) {
        if (!request.method().equals("GET") && !request.method().equals("HEAD")) {
            return Answer.error(405, "UNSUPPORTED", "this registry is pull-only");
        }
        if (request.kind() == Recorded.Kind.TOKEN) {
            return tokens.issue(request);
        }
        Answer answer = registry.answer(request);
        if (storage.isPresent() && request.kind() == Recorded.Kind.BLOB && answer.status == 200) {
            String location = storage.get().url() + "/storage/" + request.reference() + "?signature="
                    + redirects.incrementAndGet();
            return Answer.of(307, "text/plain", Content.of("")).with("Location", location);
        }
        return answer;
    }
}
