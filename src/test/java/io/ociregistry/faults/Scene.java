package io.ociregistry.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Gate;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import io.ociregistry.testing.Recorded;
import io.ociregistry.testing.TestCertificates;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/** The environment of one cell: an upstream that only this cell uses, and the content that its client requests. */
final class Scene implements AutoCloseable {
    static final long FIRST_PART = 90_000;
    private static final int PART_OF_A_MANIFEST = 100;

    private final Cell cell;
    private final Names names;
    private final FakeUpstream upstream;
    private final URI server;
    private final FakeUpstream storage = FakeUpstream.start();
    private final ExpectedAnswer wanted;
    private boolean changed;
    private int connectionsBefore;

    Scene(Cell cell, Names names, FakeUpstream upstream, URI server) {
        this.cell = cell;
        this.names = names;
        this.upstream = upstream;
        this.server = server;
        this.wanted = ExpectedAnswer.of(cell.target(), upstream, cell.repository());
    }

    // The parts of failures.

    /** Returns true if a fault of resumed downloads has to cut the first download itself. */
    boolean hasToBreakOff() {
        return cell.target().isBlob() && cell.state() != State.AMID;
    }

    FakeUpstream upstream() {
        return upstream;
    }

    /** Redirects blobs to the storage from now on, and returns it. */
    FakeUpstream storage() {
        upstream.redirectBlobsTo(storage);
        return storage;
    }

    /** Matches the requests for the content, not the requests for tokens, and no probes. */
    Match content() {
        return switch (cell.target()) {
            case TAG, DIGEST -> Match.manifests();
            case BLOB, BLOB_ALONE -> cell.state() == State.AMID ? Match.blobs().ranged() : Match.blobs();
            case REFERRERS -> Match.of(Recorded.Kind.REFERRERS);
        };
    }

    void everywhere(Fault fault) {
        upstream.on(Match.anything()).always(fault);
    }

    void always(Fault fault) {
        always(1, fault);
    }

    /**
     * Injects a fault that needs this many requests to take effect. For a blob that is already arriving, the fault ends
     * after these requests.
     */
    void always(int requests, Fault fault) {
        upstream.on(content()).times(cell.state() == State.AMID ? requests : Integer.MAX_VALUE, fault);
        if (cell.target() == RequestTarget.REFERRERS || cell.target() == RequestTarget.BLOB_ALONE) {
            // The fallback tag, and the request for the digest as a manifest.
            upstream.on(Match.manifests()).always(fault);
        }
    }

    void cutOnce() {
        upstream.on(content()).once(Fault.resetAfter(FIRST_PART));
    }

    /** Also closes open connections, which need no lookup of the name. */
    void loseName() {
        names.lose(cell.host());
        upstream.resetConnections();
    }

    void silenceNameServers() {
        names.silence(cell.host());
        upstream.resetConnections();
    }

    /** Returns a position within the body: {@code ofBlob} in a blob, an early byte in a smaller body. */
    long amid(long ofBlob) {
        return cell.target().isBlob() ? ofBlob : PART_OF_A_MANIFEST;
    }

    /** Returns a fault that sends the body in a few pieces, within a fraction of a second. */
    Fault slowly() {
        return new Fault.Trickle((int) amid(40_000), Duration.ofMillis(50));
    }

    Fault wrongCertificate() {
        return new Fault.OtherCertificate(TestCertificates.create().server(cell.host()));
    }

    /** Pulls another manifest of the same repository, so that the server has a token. */
    void pullAnother() throws IOException {
        upstream.image(cell.repository(), "other").layer(10).push();
        mustPull("manifests/other");
    }

    // The steps of a cell.

    Version old() {
        return wanted.old();
    }

    Version now() {
        return wanted.now();
    }

    /** Returns true if the upstream has changed since the content was cached. */
    boolean hasChanged() {
        return changed;
    }

    /** Returns the empty index of referrers. */
    Version none() {
        return new Version.Referrers(cell.repository(), List.of());
    }

    /** Brings the cache into the state before the fault. */
    void prepare() throws Exception {
        cell.trouble().before(this);
        for (String path : wanted.before()) {
            mustPull(path);
        }
        if (cell.state() == State.CACHED) {
            mustPull(wanted.path());
            changed = wanted.change();
        }
    }

    ReceivedAnswer ask() throws IOException {
        return ReceivedAnswer.of(get(wanted.path()));
    }

    /**
     * Sends the request, and starts the failure when a first part has arrived. A failure that opens the breaker ends
     * after two failed attempts to connect.
     */
    ReceivedAnswer askAmid() throws Exception {
        Gate gate = upstream.holdBlobAfter(wanted.image.layer(0), FIRST_PART);
        try (RawHttp http = RawHttp.connect(server)) {
            Response answer = http.send("GET", url(wanted.path()));
            byte[] first = answer.read((int) FIRST_PART);
            int before = connections();
            cell.trouble().start(this);
            upstream.resetConnections();
            gate.release();
            if (cell.expected().opensBreaker()) {
                Play.until("two attempts to connect", () -> connections() > before + 1);
                heal();
            }
            return ReceivedAnswer.of(first, answer);
        }
    }

    void forgetRequests() {
        upstream.forgetRequests();
        storage.forgetRequests();
        connectionsBefore = names.asked(cell.host());
    }

    /** Returns the number of lookups of the upstream since {@link #forgetRequests}. */
    int connections() {
        return names.asked(cell.host()) - connectionsBefore;
    }

    void heal() {
        names.heal(cell.host());
        upstream.heal();
        storage.heal();
    }

    /** Returns the requests to the upstream, then the requests to the storage, without probes. */
    List<String> requests() {
        return Stream.concat(
                        upstream.requests().stream()
                                .filter(request -> request.kind() != Recorded.Kind.PING)
                                .map(this::line),
                        storage.requests().stream().map(request -> line(request) + " at the storage"))
                .toList();
    }

    private String line(Recorded request) {
        String range = request.header("Range")
                .map(value -> " from byte " + value.replaceAll("^bytes=(\\d+)-$", "$1"))
                .orElse("");
        String what = request.kind() == Recorded.Kind.TOKEN ? "token" : wanted.name(request);
        return request.method() + " " + what + range;
    }

    /**
     * Pulls before the failure. A busy machine may need more than one attempt. Afterwards no transfer is active.
     */
    private void mustPull(String path) throws IOException {
        Response answer = get(path);
        while (answer.status() == 504 || answer.headers().has("Warning")) {
            answer = get(path);
        }
        assertEquals(200, answer.status(), "before the fault: " + path);
    }

    private Response get(String path) throws IOException {
        return RawHttp.get(server, url(path));
    }

    private String url(String path) {
        return "/v2/" + cell.repository() + "/" + path + "?ns=" + cell.host();
    }

    @Override
    public void close() {
        storage.close();
    }
}
