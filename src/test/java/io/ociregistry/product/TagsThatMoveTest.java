package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Gate;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import io.ociregistry.testing.Recorded;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Revalidates cached tags, which their registry may have moved. */
class TagsThatMoveTest extends Scenario {
    private FakeImage first;

    @BeforeEach
    void pushImage() throws Exception {
        first = upstream.image("team/app", "latest").seed(1).layer(100).push();
    }

    @Override
    protected String configuration() {
        return entry("always", "keep");
    }

    @Test
    void unchangedTagCostsOneHead() throws Exception {
        get();
        int before = upstream.requests().size();
        Response again = get();
        assertArrayEquals(first.manifest(), again.body());
        assertNull(again.header("Warning"));
        assertEquals(List.of("HEAD"), methods(before));
    }

    @Test
    void movedTagIsFetchedByDigest() throws Exception {
        get();
        FakeImage second =
                upstream.image("team/app", "latest").seed(2).layer(100).push();
        int before = upstream.requests().size();
        assertArrayEquals(second.manifest(), get().body());
        assertEquals(List.of("HEAD", "GET"), methods(before));
        assertTrue(upstream.requests()
                .get(before + 1)
                .path()
                .endsWith(second.digest().toString()));
    }

    @Test
    void tagMayMoveBack() throws Exception {
        get();
        upstream.image("team/app", "latest").seed(2).layer(100).push();
        get();
        upstream.image("team/app", "latest").seed(1).layer(100).push();
        assertArrayEquals(first.manifest(), get().body());
        upstream.refuseConnections();
        registry.restart();
        assertArrayEquals(first.manifest(), get().body());
    }

    @Test
    void concurrentClientsShareOneRevalidation() throws Exception {
        get();
        int before = upstream.requests().size();
        Gate gate = upstream.hold(Match.manifests().head());
        List<RawHttp> clients = new ArrayList<>();
        try {
            for (int i = 0; i < 20; i++) {
                RawHttp client = RawHttp.connect(registry.base());
                String path = manifest("team/app", "latest");
                client.write("GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
                clients.add(client);
            }
            gate.awaitReached();
            gate.release();
            for (RawHttp client : clients) {
                assertTrue(new String(client.rest(), StandardCharsets.ISO_8859_1).startsWith("HTTP/1.1 200 "));
            }
        } finally {
            for (RawHttp client : clients) {
                client.close();
            }
        }
        // A client may connect just after an answer and cause another request; most have joined.
        assertTrue(methods(before).size() < 20, () -> methods(before).toString());
    }

    static Stream<Fault> failures() {
        return Stream.of(
                Fault.status(401),
                Fault.status(403),
                Fault.status(429),
                Fault.status(500),
                Fault.status(503),
                new Fault.RefuseConnection(),
                new Fault.ResetBeforeHeaders(),
                new Fault.CloseBeforeHeaders());
    }

    @ParameterizedTest
    @MethodSource("failures")
    void cachedTagIsServedWithWarningAfterFailure(Fault fault) throws Exception {
        get();
        upstream.on(Match.anything()).always(fault);
        Response stale = get();
        assertEquals(200, stale.status());
        assertArrayEquals(first.manifest(), stale.body());
        String warning = stale.header("Warning");
        assertTrue(warning.startsWith("299 - \"r.example/team/app:latest is served from the cache"), warning);
        assertTrue(warning.contains("ago"), warning);
    }

    @Test
    void slowUpstreamDelaysNoClientAndCountsLater() throws Exception {
        start("always", "keep", "timeouts: {answer: 900ms, stall: 30s}\n");
        get();
        FakeImage second =
                upstream.image("team/app", "latest").seed(2).layer(100).push();
        Gate gate = upstream.hold(Match.manifests().head());
        Response stale = get();
        assertArrayEquals(first.manifest(), stale.body());
        assertTrue(stale.header("Warning").contains("has not answered yet"), stale.header("Warning"));
        gate.release();
        Response later = get();
        while (later.header("Warning") != null) {
            later = get();
        }
        assertArrayEquals(second.manifest(), later.body());
    }

    @Test
    void removedTagIsKeptOrDroppedAsConfigured() throws Exception {
        get();
        upstream.untag("team/app", "latest");
        Response kept = get();
        assertEquals(200, kept.status());
        assertTrue(kept.header("Warning").contains("404"), kept.header("Warning"));
        start("always", "drop");
        assertEquals(404, get().status());
    }

    @Test
    void droppedTagStaysUnknownUntilUpstreamHasIt() throws Exception {
        start("always", "drop", "cache: {negativeTtl: 0s}\n");
        upstream.manifest("team/app", "1.0", first.mediaType(), first.manifest());
        get();
        getTag("1.0");
        upstream.untag("team/app", "latest");
        assertEquals(404, get().status());

        upstream.refuseConnections();
        assertEquals(503, get().status());
        registry.restart();
        assertEquals(503, get().status());
        start("never", "keep");
        assertEquals(503, get().status());
        assertArrayEquals(first.manifest(), getTag("1.0").body(), "the same manifest under another tag");
        assertArrayEquals(
                first.manifest(), get(manifest("team/app", first.digest())).body());

        upstream.heal();
        upstream.manifest("team/app", "latest", first.mediaType(), first.manifest());
        registry.restart();
        assertArrayEquals(first.manifest(), get().body());
    }

    @Test
    void droppedTagDoesNotReturnToOlderManifest() throws Exception {
        start("always", "drop");
        get();
        FakeImage second =
                upstream.image("team/app", "latest").seed(2).layer(100).push();
        get();
        registry.restart();
        upstream.untag("team/app", "latest");
        assertEquals(404, get().status());
        registry.restart();
        upstream.refuseConnections();
        assertEquals(503, get().status());
        for (FakeImage image : List.of(first, second)) {
            assertArrayEquals(
                    image.manifest(), get(manifest("team/app", image.digest())).body());
        }
    }

    @Test
    void policyNeverSendsNoRequest() throws Exception {
        start("never", "keep");
        get();
        int before = upstream.requests().size();
        assertNull(get().header("Warning"));
        assertEquals(List.of(), methods(before));
    }

    @Test
    void policyOfAgeSendsNoRequestBeforeItEnds() throws Exception {
        start("1h", "keep");
        get();
        int before = upstream.requests().size();
        get();
        assertEquals(List.of(), methods(before));
    }

    @Test
    void alwaysPullLatestRevalidatesOnlyLatest() throws Exception {
        startWith("alwaysPullLatest: true\nprefetch: false\n");
        upstream.image("team/app", "1.0").seed(3).layer(100).push();
        for (String tag : List.of("latest", "1.0")) {
            getTag(tag);
        }
        int before = upstream.requests().size();
        getTag("1.0");
        assertEquals(List.of(), methods(before));
        getTag("latest");
        assertEquals(List.of("HEAD"), methods(before));
    }

    private List<String> methods(int from) {
        List<Recorded> all = upstream.requests();
        return all.subList(from, all.size()).stream().map(Recorded::method).toList();
    }

    private void start(String policy, String onNotFound, String... more) throws Exception {
        startWith(entry(policy, onNotFound) + String.join("", more));
    }

    private static String entry(String policy, String onNotFound) {
        return "  tags: [{pattern: 'l*', policy: " + policy + ", onNotFound: " + onNotFound + "}]\nprefetch: false\n";
    }

    private Response get() throws Exception {
        return getTag("latest");
    }

    private Response getTag(String tag) throws Exception {
        return get(manifest("team/app", tag));
    }
}
