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

/** Where one cell is played: an upstream that no other cell knows, and what a client asks for. */
final class Scene implements AutoCloseable {
    static final long FIRST_PART = 90_000;
    private static final int PART_OF_A_MANIFEST = 100;

    private final Cell cell;
    private final Names names;
    private final FakeUpstream upstream;
    private final URI server;
    private final FakeUpstream storage = FakeUpstream.start();
    private final Wanted wanted;
    private boolean changed;
    private int connectionsBefore;

    Scene(Cell cell, Names names, FakeUpstream upstream, URI server) {
        this.cell = cell;
        this.names = names;
        this.upstream = upstream;
        this.server = server;
        this.wanted = Wanted.of(cell.asked(), upstream, cell.repository());
    }

    // What troubles are made of.

    /** Whether what goes wrong only with the rest of a blob has to break off its beginning first. */
    boolean hasToBreakOff() {
        return cell.asked().isBlob() && cell.state() != State.AMID;
    }

    FakeUpstream upstream() {
        return upstream;
    }

    /** Where blobs are redirected to from now on. */
    FakeUpstream storage() {
        upstream.redirectBlobsTo(storage);
        return storage;
    }

    /** The requests for what is asked for, as opposed to those for tokens, and to probes. */
    Match content() {
        return switch (cell.asked()) {
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
     * The same for a fault that takes so many requests to be felt. Where a blob is arriving already it lasts no
     * longer than that.
     */
    void always(int requests, Fault fault) {
        upstream.on(content()).times(cell.state() == State.AMID ? requests : Integer.MAX_VALUE, fault);
        if (cell.asked() == Asked.REFERRERS || cell.asked() == Asked.BLOB_ALONE) {
            // The tag that stands in for the API; and what no manifest names might be one itself.
            upstream.on(Match.manifests()).always(fault);
        }
    }

    void cutOnce() {
        upstream.on(content()).once(Fault.resetAfter(FIRST_PART));
    }

    /** Connections that are open would do without the name. */
    void loseName() {
        names.lose(cell.host());
        upstream.resetConnections();
    }

    void silenceNameServers() {
        names.silence(cell.host());
        upstream.resetConnections();
    }

    /** So much of a blob, or a part of something smaller. */
    long amid(long ofBlob) {
        return cell.asked().isBlob() ? ofBlob : PART_OF_A_MANIFEST;
    }

    /** In a few pieces, so that it takes a fraction of a second. */
    Fault slowly() {
        return new Fault.Trickle((int) amid(40_000), Duration.ofMillis(50));
    }

    Fault wrongCertificate() {
        return new Fault.OtherCertificate(TestCertificates.create().server(cell.host()));
    }

    /** Something else of the same repository, so that there is a token. */
    void pullAnother() throws IOException {
        upstream.image(cell.repository(), "other").layer(10).push();
        mustPull("manifests/other");
    }

    // What is played.

    Version old() {
        return wanted.old();
    }

    Version now() {
        return wanted.now();
    }

    /** Whether the upstream has something else by now than what was cached. */
    boolean hasChanged() {
        return changed;
    }

    /** The index of what nothing refers to. */
    Version none() {
        return new Version.Referrers(cell.repository(), List.of());
    }

    /** Brings the server into the state in which the fault finds it. */
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

    Got ask() throws IOException {
        return Got.of(get(wanted.path()));
    }

    /** Asks, and begins the trouble when a first part has arrived; that of connections ends when it was felt. */
    Got askAmid() throws Exception {
        Gate gate = upstream.holdBlobAfter(wanted.image.layer(0), FIRST_PART);
        try (RawHttp http = RawHttp.connect(server)) {
            Response answer = http.send("GET", url(wanted.path()));
            byte[] first = answer.read((int) FIRST_PART);
            int before = connections();
            cell.trouble().begin(this);
            upstream.resetConnections();
            gate.release();
            if (cell.expected().opensBreaker()) {
                Play.until("two tries to connect", () -> connections() > before + 1);
                heal();
            }
            return Got.of(first, answer);
        }
    }

    void forgetRequests() {
        upstream.forgetRequests();
        storage.forgetRequests();
        connectionsBefore = names.asked(cell.host());
    }

    /** How often somebody has wanted to connect to the upstream since then. */
    int connections() {
        return names.asked(cell.host()) - connectionsBefore;
    }

    void heal() {
        names.heal(cell.host());
        upstream.heal();
        storage.heal();
    }

    /** What was asked of the upstream, and then of the storage, but for probes. */
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
     * Nothing is wrong yet, but on a busy machine it may take more than one try. After that nothing is under way any
     * more.
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
