package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.MediaType;
import io.ociregistry.testing.Await;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Gate;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import io.ociregistry.testing.Recorded.Kind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Lists tags and referrers while the upstream is slow or gone, after a restart, and without a network. */
class ListsOfflineTest extends Scenario {
    private static final String TAGS = "/v2/team/app/tags/list?ns=r.example";
    private static final JsonMapper JSON = JsonMapper.builder().build();

    private FakeImage image;
    private String referrers;

    @BeforeEach
    void pushImage() throws Exception {
        image = upstream.image("team/app", "1.0").layer(100).push();
        referrers = "/v2/team/app/referrers/" + image.digest() + "?ns=r.example";
    }

    @Override
    protected String configuration() {
        return "prefetch: false\n";
    }

    static Stream<Fault> failures() {
        return Stream.of(
                Fault.status(401),
                Fault.status(403),
                Fault.status(429),
                Fault.status(500),
                new Fault.ResetBeforeHeaders(),
                new Fault.RedirectLoop(),
                new Fault.Corrupt(),
                new Fault.RefuseConnection());
    }

    @ParameterizedTest
    @MethodSource("failures")
    void lastGoodListsAreServedWithWarningAfterFailure(Fault failure) throws Exception {
        FakeImage sbom = refer("application/x");
        get(TAGS);
        get(referrers);
        restartLater();
        upstream.on(Match.anything()).always(failure);

        Response tags = get(TAGS);
        assertEquals("{\"name\":\"team/app\",\"tags\":[\"1.0\"]}", tags.text());
        assertOld(tags);
        Response index = get(referrers);
        assertEquals(List.of(sbom.digest().toString()), digests(index));
        assertEquals(MediaType.OCI_INDEX.value(), index.header("Content-Type"));
        assertOld(index);
        Response filtered = get(referrers + "&artifactType=y");
        assertEquals(List.of(), digests(filtered));
        assertOld(filtered);
    }

    @Test
    void emptyListOfCachedImageIsServedWithoutUpstream() throws Exception {
        get(manifest("team/app", "1.0"));
        assertEquals(List.of(), digests(get(referrers)));
        String unknown = referrers.replace(image.digest().hex(), "0".repeat(64));
        assertEquals(List.of(), digests(get(unknown)));
        assertEquals(1, files("referrers-").size(), "an empty list of an unknown image leaves no file");
        restartLater();
        upstream.refuseConnections();
        Response old = get(referrers);
        assertEquals(List.of(), digests(old));
        assertOld(old);
        assertEquals(503, status(unknown));
    }

    @Test
    void imagesPulledSinceAreAddedToLists() throws Exception {
        FakeImage listed = refer("application/x");
        get(TAGS);
        get(referrers);
        FakeImage pulled = refer("application/y");
        upstream.tag("team/app", "2.0", pulled.digest());
        assertEquals(200, status(manifest("team/app", "2.0")));
        restartLater();
        upstream.refuseConnections();
        assertEquals(
                "{\"name\":\"team/app\",\"tags\":[\"1.0\",\"2.0\"]}", get(TAGS).text());
        assertEquals(List.of(listed.digest().toString(), pulled.digest().toString()), digests(get(referrers)));
        assertEquals(List.of(pulled.digest().toString()), digests(get(referrers + "&artifactType=application/y")));
    }

    @Test
    void airGappedServerListsItsCache() throws Exception {
        FakeImage signature = refer("application/x");
        get(manifest("team/app", "1.0"));
        get(manifest("team/app", signature.digest()));
        FakeImage tagged = refer("application/y");
        upstream.manifest("team/app", "sha256-" + image.digest().hex(), MediaType.OCI_INDEX, index(tagged));
        get("/v2/team/app/manifests/sha256-" + image.digest().hex() + "?ns=r.example");
        airGap();
        int before = upstream.requests().size();

        Response tags = get(TAGS);
        assertTrue(tags.text().contains("\"1.0\""), tags.text());
        assertTrue(tags.header("Warning").contains("air-gapped"), tags::toString);
        Response index = get(referrers);
        assertEquals(List.of(tagged.digest().toString(), signature.digest().toString()), digests(index));
        assertTrue(index.header("Warning").contains("air-gapped"), index::toString);
        JsonNode built = JSON.readTree(index.body()).path("manifests").path(1);
        assertEquals("application/x", built.path("artifactType").asText());
        assertEquals(List.of(), digests(get(referrers.replace("team/app", "team/other"))));
        Response unknown = get(TAGS.replace("team/app", "team/other"));
        assertEquals(404, unknown.status());
        assertTrue(unknown.text().contains("air-gapped"), unknown.text());
        assertEquals(before, upstream.requests().size());
    }

    @Test
    void airGappedServerListsOnlyCachedTagsAndAllKnownReferrers() throws Exception {
        FakeImage sbom = refer("application/x");
        upstream.tag("team/app", "2.0", image.digest());
        get(TAGS);
        get(referrers);
        get("/v2/team/app/manifests/1.0?ns=r.example");
        airGap();
        Response tags = get(TAGS);
        assertEquals("{\"name\":\"team/app\",\"tags\":[\"1.0\"]}", tags.text());
        assertTrue(tags.header("Warning").contains("only the cached ones"), tags::toString);
        assertEquals(404, get("/v2/team/app/manifests/2.0?ns=r.example").status());
        assertEquals(List.of(sbom.digest().toString()), digests(get(referrers)));
    }

    @Test
    void listsAreServedToTheirRepositoryOnly() throws Exception {
        refer("application/x");
        get(manifest("team/app", "1.0"));
        get(TAGS);
        get(referrers);
        upstream.refuseConnections();
        assertEquals(503, status(TAGS.replace("team/app", "team/other")));
        assertEquals(503, status(referrers.replace("team/app", "team/other")));
    }

    @Test
    void freshListNeedsNoUpstreamAfterRestart() throws Exception {
        refer("application/x");
        get(referrers);
        registry.restart();
        upstream.refuseConnections();
        Response answer = get(referrers);
        assertEquals(1, digests(answer).size());
        assertNull(answer.header("Warning"));
    }

    @Test
    void staleListIsServedWhileUpstreamIsSlow() throws Exception {
        get(TAGS);
        restartLater();
        answerWithin("1500ms");
        upstream.tag("team/app", "2.0", image.digest());
        Gate gate = upstream.hold(Match.of(Kind.TAGS));
        Response old = get(TAGS);
        assertTrue(old.text().contains("[\"1.0\"]"), old.text());
        assertOld(old);
        // On a busy machine the request may reach the upstream after the old list was served.
        gate.awaitReached();
        gate.release();
        upstream.requests(Match.of(Kind.TAGS)).get(1).awaitFinished();
        Await.until("the new list", () -> get(TAGS).text().contains("[\"1.0\",\"2.0\"]"));
        assertEquals(2, upstream.requests(Match.of(Kind.TAGS)).size());
    }

    @Test
    void unknownListTimesOutAndIsServedToTheNextClient() throws Exception {
        answerWithin("1500ms");
        Gate gate = upstream.hold(Match.of(Kind.TAGS));
        assertEquals(504, status(TAGS));
        gate.release();
        assertEquals(200, status(TAGS));
        assertEquals(1, upstream.requests(Match.of(Kind.TAGS)).size());
    }

    @Test
    void concurrentClientsShareOneRequest() throws Exception {
        Gate gate = upstream.hold(Match.of(Kind.REFERRERS));
        List<RawHttp> clients = new ArrayList<>();
        try {
            for (int i = 0; i < 20; i++) {
                RawHttp client = RawHttp.connect(registry.base());
                client.write("GET " + referrers + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
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
        assertEquals(1, upstream.requests(Match.of(Kind.REFERRERS)).size());
    }

    @Test
    void slowListsDelayNoManifest() throws Exception {
        answerWithin("15s");
        List<Gate> gates = List.of(upstream.hold(Match.of(Kind.TAGS)), upstream.hold(Match.of(Kind.REFERRERS)));
        List<RawHttp> clients = new ArrayList<>();
        try {
            for (int i = 0; i < 20; i++) {
                upstream.image("team/app" + i, "1").push();
                for (String path : List.of(TAGS, referrers)) {
                    RawHttp client = RawHttp.connect(registry.base());
                    client.write("GET " + path.replace("team/app", "team/app" + i)
                            + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
                    clients.add(client);
                }
            }
            gates.get(0).awaitReached();
            gates.get(1).awaitReached();
            assertEquals(200, status(manifest("team/app", "1.0")));
            gates.forEach(Gate::release);
            for (RawHttp client : clients) {
                assertTrue(new String(client.rest(), StandardCharsets.ISO_8859_1).startsWith("HTTP/1.1 200 "));
            }
        } finally {
            for (RawHttp client : clients) {
                client.close();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{\"list\":",
                "garbage",
                "{\"list\":\"LIST\",\"checked\":\"2020-01-01T00:00:00Z\",\"answer\":7}"
            })
    void listInGarbageFileIsRequestedAgain(String text) throws Exception {
        FakeImage sbom = refer("application/x");
        get(TAGS);
        get(referrers);
        stopServer();
        for (Path file : files("")) {
            String list = JSON.readTree(file.toFile()).path("list").asText();
            Files.writeString(file, text.replace("LIST", list));
        }
        startWith(configuration());
        assertEquals("{\"name\":\"team/app\",\"tags\":[\"1.0\"]}", get(TAGS).text());
        assertEquals(List.of(sbom.digest().toString()), digests(get(referrers)));
        assertEquals(2, upstream.requests(Match.of(Kind.TAGS)).size());
    }

    @Test
    void pulledReferrerIsListedAndServedOffline() throws Exception {
        FakeImage sbom = refer("application/x");
        get(referrers);
        String manifest = manifest("team/app", sbom.digest());
        get(manifest);
        restartLater();
        upstream.refuseConnections();
        assertEquals(List.of(sbom.digest().toString()), digests(get(referrers)));
        assertArrayEquals(sbom.manifest(), get(manifest).body());
    }

    private void answerWithin(String time) throws Exception {
        startWith("timeouts: {answer: " + time + "}\n" + configuration());
    }

    private void airGap() throws Exception {
        startWith("airGapped: true\n" + configuration());
    }

    /** Restarts the server with lists that look an hour old. */
    private void restartLater() throws Exception {
        stopServer();
        String then = Instant.now()
                .minus(1, ChronoUnit.HOURS)
                .truncatedTo(ChronoUnit.SECONDS)
                .toString();
        for (Path file : files("")) {
            Files.writeString(
                    file,
                    Files.readString(file).replaceAll("\"checked\" : \"[^\"]*\"", "\"checked\" : \"" + then + "\""));
        }
        startWith(configuration());
    }

    private List<Path> files(String prefix) throws IOException {
        try (var files = Files.list(images.resolve("lists"))) {
            return files.filter(file -> !file.endsWith("links")
                            && file.getFileName().toString().startsWith(prefix))
                    .toList();
        }
    }

    private FakeImage refer(String type) {
        return upstream.image("team/app")
                .seed(type.hashCode())
                .subject(image, type)
                .layer(7)
                .push();
    }

    private static byte[] index(FakeImage listed) {
        String index = "{\"schemaVersion\":2,\"mediaType\":\"" + MediaType.OCI_INDEX + "\",\"manifests\":["
                + listed.descriptor() + "]}";
        return index.getBytes(StandardCharsets.UTF_8);
    }

    private static void assertOld(Response answer) {
        String warning = String.valueOf(answer.header("Warning"));
        assertTrue(warning.startsWith("299 - \"") && warning.contains("ago"), answer::toString);
    }

    private static List<String> digests(Response answer) throws IOException {
        assertEquals(200, answer.status(), answer::toString);
        List<String> listed = new ArrayList<>();
        JSON.readTree(answer.body())
                .path("manifests")
                .forEach(each ->
                        listed.add(Digest.parse(each.path("digest").asText()).toString()));
        return listed;
    }
}
