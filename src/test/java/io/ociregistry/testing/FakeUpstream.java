package io.ociregistry.testing;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.MediaType;
import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/**
 * A registry on loopback, over real HTTP or HTTPS, that has what was pushed to it, remembers every request and fails exactly as told.
 *
 * <p>It can also be the token service or the blob storage of another one. Everything may be changed while it is serving.
 */
public final class FakeUpstream implements AutoCloseable {
    private final Optional<SSLContext> tls;
    private final boolean wantsClientCertificate;
    private final Listener listener;
    private final FakeRepositories repositories = new FakeRepositories();
    private final List<Rule> rules = new CopyOnWriteArrayList<>();
    private final List<Held> gates = new CopyOnWriteArrayList<>();
    private final List<Recorded> requests = new CopyOnWriteArrayList<>();
    private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
    private final AtomicInteger accepted = new AtomicInteger();
    private final AtomicInteger redirects = new AtomicInteger();
    private volatile FakeAuth auth = new FakeAuth.Open();
    private volatile FakeAuth.Tokens tokens = new FakeAuth.Tokens(Optional.empty());
    private volatile FakeRegistry registry = new FakeRegistry(repositories);
    private volatile Optional<FakeUpstream> storage = Optional.empty();

    private FakeUpstream(Optional<SSLContext> tls, boolean wantsClientCertificate) {
        this.tls = tls;
        this.wantsClientCertificate = wantsClientCertificate;
        this.listener = new Listener(this::serve);
    }

    public static FakeUpstream start() {
        return new FakeUpstream(Optional.empty(), false);
    }

    public static FakeUpstream startTls(TestCertificates.Server certificate) {
        return new FakeUpstream(Optional.of(certificate.sslContext()), false);
    }

    /** Accepts only clients with a certificate of the same authority. */
    public static FakeUpstream startMutualTls(TestCertificates.Server certificate) {
        return new FakeUpstream(Optional.of(certificate.sslContext()), true);
    }

    /** {@code 127.0.0.1:PORT}. */
    public String registry() {
        return "127.0.0.1:" + port();
    }

    public int port() {
        return listener.port();
    }

    /** Without a slash at its end. */
    public String url() {
        return (tls.isPresent() ? "https://" : "http://") + registry();
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

    /** Forgets all rules, opens all gates, and listens again. */
    public void heal() {
        rules.clear();
        gates.forEach(held -> held.gate().release());
        listener.listen();
    }

    /** Every GET of the blob stops before its byte at that position, until the gate is released. Faults happen as well. */
    public Gate holdBlobAfter(Digest digest, long bytes) {
        Gate gate = new Gate("before byte " + bytes + " of " + digest);
        gates.add(new Held(Match.blob(digest).get(), gate, new Fault.Hold(gate, bytes)));
        return gate;
    }

    /** Every such request stops before its answer begins, until the gate is released. Faults happen as well. */
    public Gate hold(Match match) {
        Gate gate = new Gate("before the answer to " + match);
        gates.add(new Held(match, gate, new Fault.HoldHeaders(gate)));
        return gate;
    }

    /** Resets every connection that is open now. */
    public void resetConnections() {
        connections.forEach(Connection::abort);
    }

    private record Held(Match match, Gate gate, Fault hold) {}

    /** A fault in the making. */
    public final class Rule {
        private final Match match;
        private final AtomicInteger left = new AtomicInteger();
        private volatile Fault fault = new Fault.IgnoreRange();

        private Rule(Match match) {
            this.match = match;
        }

        public FakeUpstream once(Fault what) {
            return times(1, what);
        }

        public FakeUpstream times(int n, Fault what) {
            if (what instanceof Fault.RefuseConnection || what instanceof Fault.Blackhole) {
                throw new IllegalArgumentException(what + " can't be counted; use always, and heal() when it is over");
            }
            fault = what;
            left.set(n);
            rules.add(this);
            return FakeUpstream.this;
        }

        public FakeUpstream always(Fault what) {
            if (what instanceof Fault.RefuseConnection) {
                refuseConnections();
                return FakeUpstream.this;
            }
            if (what instanceof Fault.Blackhole) {
                listener.hang();
                resetConnections();
                return FakeUpstream.this;
            }
            return times(Integer.MAX_VALUE, what);
        }

        private boolean take(Recorded request) {
            return match.matches(request) && left.getAndUpdate(n -> Math.max(0, n - 1)) > 0;
        }
    }

    /** Refuses connections and resets those that are open, until {@link #heal()}. */
    public void refuseConnections() {
        listener.refuse();
        resetConnections();
    }

    // What it has seen.

    /** Every request so far, token requests and those answered 401 included, in the order in which they came. */
    public List<Recorded> requests() {
        return List.copyOf(requests);
    }

    public List<Recorded> requests(Match match) {
        return requests.stream().filter(match::matches).toList();
    }

    /** Those whose path begins like this. */
    public List<Recorded> requestsTo(String pathPrefix) {
        return requests.stream()
                .filter(request -> request.path().startsWith(pathPrefix))
                .toList();
    }

    /** How many connections were accepted so far. */
    public int connections() {
        return accepted.get();
    }

    /** Forgets the requests so far. */
    public void forgetRequests() {
        requests.clear();
    }

    @Override
    public void close() {
        listener.close();
        gates.forEach(held -> held.gate().release());
        resetConnections();
    }

    // How it serves.

    private void serve(Socket socket) {
        accepted.incrementAndGet();
        Thread thread = new Thread(() -> talk(socket), "fake-upstream-" + port() + "-" + accepted.get());
        thread.setDaemon(true);
        thread.start();
    }

    private void talk(Socket tcp) {
        try (Socket socket = secured(tcp)) {
            socket.setTcpNoDelay(true);
            Connection connection = new Connection(socket, tcp);
            connections.add(connection);
            try {
                talk(connection);
            } finally {
                connections.remove(connection);
            }
        } catch (IOException over) {
            // The client left, or we broke it off: Recorded tells.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Socket secured(Socket tcp) throws IOException {
        if (tls.isEmpty()) {
            return tcp;
        }
        SSLSocket socket = (SSLSocket) tls.get().getSocketFactory().createSocket(tcp, null, true);
        socket.setNeedClientAuth(wantsClientCertificate);
        return socket;
    }

    private void talk(Connection connection) throws IOException, InterruptedException {
        for (var next = connection.read(); next.isPresent(); next = connection.read()) {
            Recorded request = next.get();
            requests.add(request);
            boolean whole = false;
            try {
                Answer answer = answer(request);
                answer.honourRange(request);
                connection.send(answer, request);
                whole = true;
            } finally {
                request.finish(!whole);
            }
        }
    }

    private Answer answer(Recorded request) {
        Optional<Answer> refusal = request.kind() == Recorded.Kind.TOKEN ? Optional.empty() : auth.refusal(request);
        if (refusal.isPresent()) {
            return refusal.get();
        }
        Optional<Fault> fault = fault(request);
        if (fault.isPresent() && fault.get() instanceof Fault.ExpiredToken) {
            tokens.revokeAll();
            return auth.refusal(request).orElseGet(() -> goodAnswer(request));
        }
        Answer answer = goodAnswer(request);
        fault.ifPresent(bending -> bending.bend(answer, request));
        gates.stream().filter(gate -> gate.match().matches(request)).forEach(gate -> gate.hold()
                .bend(answer, request));
        return answer;
    }

    private Optional<Fault> fault(Recorded request) {
        return rules.stream().filter(rule -> rule.take(request)).findFirst().map(rule -> rule.fault);
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
