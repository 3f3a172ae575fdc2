package io.ociregistry.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ociregistry.oci.Digest;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
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

/** Where one cell is played: an upstream that no other cell knows, what it has, and what a client asks for. */
final class Scene implements AutoCloseable {
    private static final int BLOB_SIZE = 300_000;
    private static final int AMID_A_MANIFEST = 100;

    private final Cell cell;
    private final Names names;
    private final FakeUpstream upstream;
    private final URI server;
    private final FakeUpstream storage = FakeUpstream.start();
    private final FakeImage before;
    private FakeImage now;

    Scene(Cell cell, Names names, FakeUpstream upstream, URI server) {
        this.cell = cell;
        this.names = names;
        this.upstream = upstream;
        this.server = server;
        this.before = push(1);
        this.now = before;
    }

    // What troubles need.

    Asked asked() {
        return cell.asked();
    }

    /** Connections that are open would do without the name. */
    void loseName() {
        names.lose(cell.host());
        upstream.resetConnections();
    }

    FakeUpstream upstream() {
        return upstream;
    }

    /** Where blobs are redirected to from now on. */
    FakeUpstream storage() {
        upstream.redirectBlobsTo(storage);
        return storage;
    }

    /** What is asked for and what leads to it, as opposed to tokens and probes. */
    Match content() {
        return cell.asked() == Asked.BLOB ? Match.blobs() : Match.manifests();
    }

    void everywhere(Fault fault) {
        upstream.on(Match.anything()).always(fault);
    }

    void always(Fault fault) {
        upstream.on(content()).always(fault);
    }

    /** So much of a blob, or a part of a manifest. */
    long amid(long ofBlob) {
        return cell.asked() == Asked.BLOB ? ofBlob : AMID_A_MANIFEST;
    }

    /** In a few pieces, so that it takes a fraction of a second. */
    Fault slowly() {
        return new Fault.Trickle((int) amid(40_000), Duration.ofMillis(50));
    }

    Fault wrongCertificate() {
        return new Fault.OtherCertificate(TestCertificates.create().server(cell.host()));
    }

    void cutBlobOnce() {
        if (cell.asked() == Asked.BLOB) {
            upstream.on(content()).once(Fault.resetAfter(90_000));
        }
    }

    /** Something else of the same repository, so that there is a token. */
    void pullAnother() throws IOException {
        upstream.image(repository(), "other").layer(10).push();
        mustPull("manifests/other");
    }

    // What is asked for.

    /** Brings the server into the state in which the fault finds it. */
    void prepare() throws Exception {
        cell.trouble().before(this);
        if (cell.asked() == Asked.BLOB) {
            mustPull("manifests/" + now.digest());
        }
        if (cell.state() == State.CACHED) {
            mustPull(path());
        }
        if (cell.state() == State.CACHED && cell.asked() == Asked.TAG) {
            now = push(2);
        }
    }

    Response ask() throws IOException {
        return get(path());
    }

    /** The bytes that the upstream has. */
    byte[] right() {
        return bytes(now);
    }

    /** The bytes that were cached before. */
    byte[] cached() {
        return bytes(before);
    }

    Digest rightDigest() {
        return digest(now);
    }

    Digest cachedDigest() {
        return digest(before);
    }

    void forgetRequests() {
        upstream.forgetRequests();
        storage.forgetRequests();
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
        return request.method() + " " + thing(request) + range;
    }

    private String thing(Recorded request) {
        String reference = request.reference();
        if (request.kind() == Recorded.Kind.TOKEN) {
            return "token";
        }
        if (reference.equals("1.0")) {
            return "tag";
        }
        if (request.kind() == Recorded.Kind.BLOB) {
            return reference.equals(rightDigest().toString()) ? "blob" : "another blob";
        }
        boolean isRight = reference.equals(rightDigest().toString());
        if (cell.asked() == Asked.TAG) {
            return isRight ? "new digest" : "another digest";
        }
        return isRight ? "digest" : "another digest";
    }

    private FakeImage push(int seed) {
        return upstream.image(repository(), "1.0").seed(seed).layer(BLOB_SIZE).push();
    }

    private String repository() {
        return "matrix/" + cell.name();
    }

    private String path() {
        return switch (cell.asked()) {
            case TAG -> "manifests/1.0";
            case DIGEST -> "manifests/" + before.digest();
            case BLOB -> "blobs/" + before.layer(0);
        };
    }

    private byte[] bytes(FakeImage image) {
        return cell.asked() == Asked.BLOB ? image.layerBytes(0) : image.manifest();
    }

    private Digest digest(FakeImage image) {
        return cell.asked() == Asked.BLOB ? image.layer(0) : image.digest();
    }

    private void mustPull(String path) throws IOException {
        assertEquals(200, get(path).status(), "before the fault: " + path);
    }

    private Response get(String path) throws IOException {
        return RawHttp.get(server, "/v2/" + repository() + "/" + path + "?ns=" + cell.host());
    }

    @Override
    public void close() {
        storage.close();
    }
}
