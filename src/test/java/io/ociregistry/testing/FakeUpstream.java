package io.ociregistry.testing;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.MediaType;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;

/**
 * A registry on loopback, over real HTTP or HTTPS, that has what was pushed to it, remembers every request and fails
 * exactly as told.
 *
 * <p>It can also be the token service or the blob storage of another one. Everything may be changed while it is
 * serving.
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
     * As an ingress: shows the certificate for the name that the client sends in the handshake, and breaks off if it
     * sends none of these.
     */
    public static FakeUpstream startTlsByName(TestCertificates authority, String... names) {
        return new FakeUpstream(Optional.of(authority.serverByName(names)), FakeServer.ClientCertificates.NONE);
    }

    /** Accepts only clients with a certificate of the same authority. */
    public static FakeUpstream startMutualTls(TestCertificates.Server certificate) {
        return new FakeUpstream(Optional.of(certificate.sslContext()), FakeServer.ClientCertificates.NEEDED);
    }

    /** Asks clients for one, and takes those too that have none. */
    public static FakeUpstream startAskingForCertificates(TestCertificates.Server certificate) {
        return new FakeUpstream(Optional.of(certificate.sslContext()), FakeServer.ClientCertificates.ASKED_FOR);
    }

    /** {@code 127.0.0.1:PORT}. */
    public String registry() {
        return "127.0.0.1:" + port();
    }

    public int port() {
        return server.port();
    }

    /** Without a slash at its end. */
    public String url() {
        return server.url();
    }

    // What it has.

    /** An image to be pushed under a tag. */
    public FakeImage.Builder image(String repository, String tag) {
        return new FakeImage.Builder(this, repository, Optional.of(tag));
    }

    /** An image to be pushed without a tag. */
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

    /** Any bytes as a manifest, without a tag. */
    public Digest manifest(String repository, MediaType mediaType, byte[] bytes) {
        return repositories.putManifest(repository, mediaType, bytes);
    }

    public Digest manifest(String repository, String tag, MediaType mediaType, byte[] bytes) {
        Digest digest = manifest(repository, mediaType, bytes);
        tag(repository, tag, digest);
        return digest;
    }

    /** Makes a tag point at a manifest, of either digest. */
    public void tag(String repository, String tag, Digest digest) {
        repositories.tag(repository, tag, digest);
    }

    public void untag(String repository, String tag) {
        repositories.untag(repository, tag);
    }

    /** Lists a descriptor, given as JSON, in the answer to a referrers request. */
    public void referrer(String repository, Digest subject, String descriptor) {
        repositories.refer(repository, subject, descriptor);
    }

    /** Lists of tags and referrers come in pages of so many entries at most. */
    public FakeUpstream pagesOf(int entries) {
        registry.pagesOf(entries);
        return this;
    }

    /** Lists of tags come in pages of so many, whatever was asked for, and go on by a token alone. */
    public FakeUpstream pagesByToken(int entries) {
        registry.pagesByToken(entries);
        return this;
    }

    // Who may read it.

    public FakeUpstream requireBasic(String user, String password) {
        auth = new FakeAuth.Basic(user, password);
        return this;
    }

    /** Its own {@code /token} gives tokens to who knows the password. */
    public FakeUpstream requireBearer(String user, String password) {
        return requireTokens(new FakeAuth.Tokens(Optional.of(new FakeAuth.Basic(user, password))), this);
    }

    /** Its own {@code /token} gives tokens to everybody who comes without credentials. */
    public FakeUpstream requireAnonymousBearer() {
        return requireTokens(new FakeAuth.Tokens(Optional.empty()), this);
    }

    /** Another one's {@code /token} gives the tokens, by the rules given here so far. */
    public FakeUpstream tokensFrom(FakeUpstream other) {
        return requireTokens(tokens, other);
    }

    /** How long tokens given out from now on are good. */
    public FakeUpstream tokensLive(Duration time) {
        tokens.live(time);
        return this;
    }

    /** Makes every token given out so far worthless. */
    public void revokeTokens() {
        tokens.revokeAll();
    }

    private FakeUpstream requireTokens(FakeAuth.Tokens issued, FakeUpstream issuer) {
        tokens = issued;
        issuer.tokens = issued;
        auth = new FakeAuth.Bearer(issued, issuer.url() + "/token");
        return this;
    }

    /** GETs and HEADs of blobs are sent to another one, which refuses requests that carry Authorization. */
    public FakeUpstream redirectBlobsTo(FakeUpstream other) {
        other.auth = new FakeAuth.Storage();
        other.registry = new FakeRegistry(repositories);
        storage = Optional.of(other);
        return this;
    }

    // How it fails.

    /** What happens to the requests that match; of several rules that match the first that is not used up. */
    public Rule on(Match match) {
        return new Rule(match);
    }

    /** Forgets all rules, opens all gates, shows its own certificate, and listens again. */
    public void heal() {
        rules.clear();
        server.ownCertificate();
        server.listener().listen();
    }

    /**
     * Every GET of the blob stops before its byte at that position, until the gate is released. Faults happen as
     * well.
     */
    public Gate holdBlobAfter(Digest digest, long bytes) {
        return rules.hold(Match.blob(digest).get(), bytes);
    }

    /** The next GET of the blob stops before its byte at that position, until the gate is released; others do not. */
    public Gate holdNextBlobAfter(Digest digest, long bytes) {
        return rules.holdOnce(Match.blob(digest).get(), bytes);
    }

    /** Every such request stops before its answer begins, until the gate is released. Faults happen as well. */
    public Gate hold(Match match) {
        return rules.hold(match);
    }

    /** Resets every connection that is open now. */
    public void resetConnections() {
        server.resetConnections();
    }

    /**
     * Nothing arrives any more over the connections that are open now, as after the restart of a NAT between; new
     * ones work.
     */
    public void swallowConnections() {
        server.swallowConnections();
    }

    /** A fault in the making. */
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

    /** Refuses connections and resets those that are open, until {@link #heal()}. */
    public void refuseConnections() {
        server.listener().refuse();
        resetConnections();
    }

    // What it has seen.

    /** Every request so far, token requests and those answered 401 included, in the order in which they came. */
    public List<Recorded> requests() {
        return List.copyOf(server.requests());
    }

    public List<Recorded> requests(Match match) {
        return server.requests().stream().filter(match::matches).toList();
    }

    /** Those whose path begins like this. */
    public List<Recorded> requestsTo(String pathPrefix) {
        return server.requests().stream()
                .filter(request -> request.path().startsWith(pathPrefix))
                .toList();
    }

    /** How many connections were accepted so far. */
    public int connections() {
        return server.connections();
    }

    /** How many connections are open just now. */
    public int openConnections() {
        return server.openConnections();
    }

    /** Forgets the requests so far. */
    public void forgetRequests() {
        server.requests().clear();
    }

    @Override
    public void close() {
        rules.clear();
        server.close();
    }

    // How it serves.

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
