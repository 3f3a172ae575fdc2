package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.MediaType;
import io.ociregistry.testing.Content;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Gate;
import io.ociregistry.testing.LogLines;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import io.ociregistry.testing.Recorded;
import io.ociregistry.testing.RunningRegistry;
import io.ociregistry.testing.TestCertificates;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * One registry, {@code r.example}, with a mirror that keeps its repositories below {@code hub/}, and one that is a
 * cache like this one.
 */
@Timeout(60)
class MirrorsTest {
    private static final int SIZE = 300_000;

    private final FakeUpstream origin = FakeUpstream.start();
    private final FakeUpstream harbor = FakeUpstream.start();
    private final FakeUpstream cache = FakeUpstream.start();

    @TempDir
    Path images;

    @AfterEach
    void stop() {
        origin.close();
        harbor.close();
        cache.close();
    }

    @Test
    void completeMirrorSparesTheRegistry() throws Exception {
        FakeImage image = push(harbor, "hub/team/app");
        try (RunningRegistry registry = with(harbor())) {
            pullsWhole(registry, image, "1.0");
        }
        assertEquals(List.of(), origin.requests());
        assertEquals("/v2/hub/team/app/manifests/1.0", harbor.requests().get(0).path());
        harbor.requests().forEach(request -> assertEquals("", request.query(), "the mirror gets no ns parameter"));
    }

    @Test
    void cacheAsMirrorGetsNameOfRegistry() throws Exception {
        FakeImage image = push(cache, "team/app");
        try (RunningRegistry registry = with("- " + cache.url())) {
            pullsWhole(registry, image, "1.0");
            get(registry, "tags/list");
        }
        assertEquals(List.of(), origin.requests());
        cache.requests().forEach(request -> assertTrue(request.query().endsWith("ns=r.example"), request.toString()));
    }

    @Test
    void mirrorsAreAskedInOrderBeforeRegistry() throws Exception {
        FakeImage image = push(origin, "team/app");
        try (RunningRegistry registry = with(harbor() + "- " + cache.url())) {
            pullsWhole(registry, image, "1.0");
        }
        assertEquals("/v2/hub/team/app/manifests/1.0", harbor.requests().get(0).path());
        assertEquals("/v2/team/app/manifests/1.0", cache.requests().get(0).path());
        assertEquals(1, origin.requests(Match.manifest("1.0")).size());
    }

    @ParameterizedTest
    @ValueSource(ints = {401, 403, 404, 429, 500, 503})
    void failedMirrorIsSkipped(int status) throws Exception {
        FakeImage image = pushToBoth();
        harbor.on(Match.anything()).always(Fault.status(status));
        try (RunningRegistry registry = with(harbor())) {
            pullsWhole(registry, image, "1.0");
        }
    }

    @Test
    void downMirrorCostsOneAttempt() throws Exception {
        FakeImage image = push(origin, "team/app");
        harbor.refuseConnections();
        try (RunningRegistry registry = with(harbor());
                LogLines log = LogLines.of("io.ociregistry.upstream")) {
            pullsWhole(registry, image, "1.0");
            assertEquals(1, log.at("WARN").size(), log.text());
        }
        assertEquals(0, harbor.requests().size());
    }

    @Test
    void mirrorServesItsCacheWhileRegistryIsDown() throws Exception {
        FakeImage image = push(cache, "team/app");
        origin.refuseConnections();
        try (RunningRegistry registry = with("- " + cache.url())) {
            assertEquals(503, get(registry, "manifests/other").status());
            pullsWhole(registry, image, "1.0");
        }
    }

    @Test
    void onlyRegistryDecidesThatContentIsMissing() throws Exception {
        push(harbor, "hub/team/app");
        push(origin, "team/app");
        try (RunningRegistry registry = with(harbor())) {
            assertEquals(404, get(registry, "manifests/2.0").status());
            assertEquals(1, origin.requests(Match.manifest("2.0")).size());
            origin.refuseConnections();
            Response answer = get(registry, "manifests/3.0");
            assertEquals(503, answer.status());
            assertTrue(answer.text().contains("of its mirrors"), answer.text());
            assertTrue(answer.text().contains("upstream answered 404"), answer.text());
        }
    }

    @Test
    void wrongManifestOfMirrorIsSkipped() throws Exception {
        FakeImage image = pushToBoth();
        harbor.on(Match.manifest(image.digest())).always(new Fault.Corrupt());
        try (RunningRegistry registry = with(harbor());
                LogLines log = LogLines.of("io.ociregistry.upstream")) {
            assertArrayEquals(
                    image.manifest(),
                    get(registry, "manifests/" + image.digest()).body());
            assertEquals(1, log.at("ERROR").size(), log.text());
        }
    }

    @Test
    void captivePortalPageIsNoManifest() throws Exception {
        FakeImage image = pushToBoth();
        harbor.on(Match.anything()).always(new Fault.Html());
        try (RunningRegistry registry = with(harbor())) {
            pullsWhole(registry, image, "1.0");
        }
    }

    @Test
    void corruptBlobOfMirrorIsFetchedFromRegistry() throws Exception {
        FakeImage image = pushToBoth();
        Match layer = Match.blob(image.layer(0)).get();
        harbor.on(layer).always(new Fault.Corrupt());
        try (RunningRegistry registry = with(harbor());
                LogLines log = LogLines.of("io.ociregistry")) {
            Gate gate = origin.hold(layer);
            CompletableFuture<byte[]> first = CompletableFuture.supplyAsync(() -> bodyOf(registry, image.layer(0)));
            gate.awaitReached(); // For the first client, whatever that gets.
            gate.release();
            byte[] got = first.get(30, TimeUnit.SECONDS);
            assertTrue(got.length < SIZE || Arrays.equals(got, image.layerBytes(0)), got.length + " bytes");
            pullsLayer(registry, image, 0);
            assertEquals(1, log.at("ERROR").size(), log.text());
        }
        assertEquals(1, harbor.requests(layer).size(), "it is asked once");
        assertEquals(1, origin.requests(layer).size());
        assertEquals(0, origin.requests(layer.ranged()).size(), "nothing of the wrong bytes is kept");
    }

    @Test
    void brokenBlobResumesAtNextSource() throws Exception {
        FakeImage image = pushToBoth();
        Match layer = Match.blob(image.layer(0)).get();
        harbor.on(layer).always(Fault.resetAfter(100_000));
        try (RunningRegistry registry = with(harbor())) {
            pullsLayer(registry, image, 0);
        }
        assertEquals(1, harbor.requests(layer).size());
        List<Recorded> rest = origin.requests(layer);
        assertEquals(1, rest.size());
        long from = firstByte(rest.get(0));
        assertTrue(from > 0 && from <= 100_000, "from " + from);
    }

    @Test
    void stalledBlobResumesAtNextSource() throws Exception {
        FakeImage image = pushToBoth();
        Match layer = Match.blob(image.layer(0)).get();
        harbor.on(layer).always(Fault.stallAfter(100_000));
        try (RunningRegistry registry = with(harbor())) {
            pullsLayer(registry, image, 0);
        }
        assertEquals(1, origin.requests(layer.ranged()).size());
    }

    @Test
    void slowBlobResumesAtNextSource() throws Exception {
        FakeImage image = pushToBoth();
        Match layer = Match.blob(image.layer(0)).get();
        harbor.on(layer).always(Fault.trickle(4_000));
        try (RunningRegistry registry = with(harbor())) {
            pullsLayer(registry, image, 0);
        }
        assertEquals(1, origin.requests(layer.ranged()).size());
    }

    @Test
    void slowCacheAsMirrorIsNotReplaced() throws Exception {
        Content content = Content.random(3, 12_000);
        Digest blob = cache.blob("team/app", content);
        origin.blob("team/app", content);
        cache.on(Match.blob(blob).get()).always(Fault.trickle(4_000));
        try (RunningRegistry registry = with("- " + cache.url())) {
            assertArrayEquals(content.bytes(), get(registry, "blobs/" + blob).body());
        }
        assertEquals(1, cache.requests(Match.blob(blob).get()).size());
        assertEquals(List.of(), origin.requests(Match.blob(blob).get()));
    }

    @Test
    void otherSourceCompletesDownloadAfterStop() throws Exception {
        FakeImage image = pushToBoth();
        Match layer = Match.blob(image.layer(0)).get();
        Gate gate = harbor.holdBlobAfter(image.layer(0), 150_000);
        try (RunningRegistry registry = with(harbor())) {
            Response partial = get(registry, "blobs/" + image.layer(0));
            assertEquals(200, partial.status());
            partial.read(100_000);
            gate.awaitReached();
            harbor.refuseConnections();
            registry.restart();
            pullsLayer(registry, image, 0);
        }
        assertEquals(1, origin.requests(layer).size());
        assertTrue(firstByte(origin.requests(layer).get(0)) >= 100_000, origin.requests(layer) + "");
    }

    @Test
    void mirrorHasItsOwnCertificateAuthorities() throws Exception {
        TestCertificates authority = TestCertificates.create();
        FakeImage image = push(origin, "team/app");
        try (FakeUpstream secret = FakeUpstream.startTls(authority.server())) {
            push(secret, "team/app");
            String url = "- {url: '" + secret.url() + "', tls: {";
            try (RunningRegistry registry = with(url + "}}")) {
                pullsWhole(registry, image, "1.0");
            }
            assertEquals(List.of(), secret.requests());
            try (RunningRegistry registry = with(url + "ca: '" + authority.caPem(images) + "'}}")) {
                origin.forgetRequests();
                assertEquals(404, get(registry, "manifests/2.0").status());
            }
            assertEquals(1, secret.requests(Match.manifest("2.0")).size());
        }
    }

    @Test
    void brokenDownloadResumesAtMirrorThatFailedBefore() throws Exception {
        FakeImage image = pushToBoth();
        Match layer = Match.blob(image.layer(0)).get();
        harbor.on(layer).once(Fault.resetAfter(100_000));
        origin.on(layer).always(Fault.resetAfter(50_000));
        try (RunningRegistry registry = with(harbor())) {
            pullsLayer(registry, image, 0);
        }
        assertEquals(2, harbor.requests(layer).size());
        assertEquals(1, origin.requests(layer).size());
    }

    @Test
    void staleAnswerOfCacheCountsOnlyIfRegistryIsDown() throws Exception {
        FakeImage image = push(origin, "team/app");
        FakeImage old = cache.image("team/app", "1.0").layer(1000).seed(7).push();
        Fault stale = new Fault.Stale();
        cache.on(Match.manifest("1.0")).always(stale);
        try (RunningRegistry registry = with("- " + cache.url(), "  tags: [{policy: 1h}]\n")) {
            assertArrayEquals(image.manifest(), get(registry, "manifests/1.0").body());
            cache.tag("team/app", "2.0", old.digest());
            cache.on(Match.manifest("2.0")).always(stale);
            origin.refuseConnections();
            assertArrayEquals(old.manifest(), get(registry, "manifests/2.0").body());
            cache.forgetRequests();
            Response again = get(registry, "manifests/2.0");
            assertArrayEquals(old.manifest(), again.body());
            assertTrue(
                    cache.requests(Match.manifest("2.0").head()).size() > 0,
                    "the stale answer does not count as fresh");
            assertTrue(String.valueOf(again.header("Warning")).startsWith("299"), "the answer has a warning");
        }
    }

    @Test
    void emptyReferrersOfRegistryAndCachesAreTrusted() throws Exception {
        FakeImage image = pushToBoth();
        harbor.referrer("hub/team/app", image.layer(0), descriptor(image));
        origin.referrer("team/app", image.digest(), descriptor(image));
        try (RunningRegistry registry = with(harbor())) {
            assertTrue(get(registry, "referrers/" + image.digest()).text().contains("application/x"));
            origin.refuseConnections();
            assertEquals(503, get(registry, "referrers/" + image.layer(1)).status());
        }
    }

    @Test
    void nextPageComesFromSourceOfTheFirst() throws Exception {
        push(harbor, "hub/team/app");
        harbor.image("hub/team/app", "2.0").push();
        harbor.image("hub/team/app", "3.0").push();
        harbor.pagesOf(1);
        try (RunningRegistry registry = with("- " + cache.url() + "\n" + harbor())) {
            assertEquals(
                    "{\"name\":\"team/app\",\"tags\":[\"1.0\",\"2.0\",\"3.0\"]}",
                    get(registry, "tags/list").text());
        }
        assertEquals(1, cache.requestsTo("/v2/team/app/tags/list").size());
        assertEquals(List.of(), origin.requests());
    }

    @Test
    void eachMirrorHasItsOwnCredentials() throws Exception {
        FakeImage image = push(harbor, "hub/team/app");
        harbor.requireBearer("robot", "secret");
        push(origin, "team/app");
        origin.requireBasic("other", "password");
        String logged = "- url: " + harbor.url() + "\n    prefix: /hub/\n    auth: {user: robot, password: secret}\n";
        try (RunningRegistry registry = with(logged, "  auth: {user: other, password: password}\n")) {
            pullsWhole(registry, image, "1.0");
            harbor.refuseConnections();
            assertEquals(404, get(registry, "manifests/2.0").status());
        }
        String sent = harbor.requests().toString() + origin.requests();
        assertFalse(sent.contains("password"), sent);
        assertEquals(
                "repository%3Ahub%2Fteam%2Fapp%3Apull",
                harbor.requests(Match.of(Recorded.Kind.TOKEN)).get(0).query().replaceFirst(".*scope=([^&]*).*", "$1"));
    }

    @Test
    void contentOfMirrorBelongsToRegistry() throws Exception {
        FakeImage image = push(harbor, "hub/team/app");
        try (RunningRegistry registry = with(harbor())) {
            pullsWhole(registry, image, "1.0");
            harbor.refuseConnections();
            origin.refuseConnections();
            pullsWhole(registry, image, "1.0");
            assertEquals(
                    503,
                    RawHttp.get(registry.base(), "/v2/team/other/blobs/" + image.layer(0) + "?ns=r.example")
                            .status());
        }
    }

    private RunningRegistry with(String mirrors) throws Exception {
        return with(mirrors, "");
    }

    private RunningRegistry with(String mirrors, String more) throws Exception {
        return RunningRegistry.start(
                "registries:\n- name: r.example\n  endpoint: " + origin.url() + "\n" + more + "  mirrors:\n  "
                        + mirrors.strip().replace("\n- ", "\n  - ")
                        + "\ntimeouts: {answer: 9s, stall: 2s}\nprefetch: false\ncache: {negativeTtl: 0s}\n",
                images);
    }

    private String harbor() {
        return "- {url: '" + harbor.url() + "', prefix: hub}\n";
    }

    /** Pushes to the registry, and to the mirror that keeps its repositories below hub/. */
    private FakeImage pushToBoth() {
        push(harbor, "hub/team/app");
        return push(origin, "team/app");
    }

    /** Pushes an image that is the same in each repository. */
    private static FakeImage push(FakeUpstream upstream, String repository) {
        long undone = -31L * (repository + ":1.0").hashCode();
        return upstream.image(repository, "1.0")
                .seed(undone)
                .layer(SIZE)
                .layer(1000)
                .push();
    }

    private static void pullsWhole(RunningRegistry registry, FakeImage image, String tag) throws IOException {
        assertArrayEquals(image.manifest(), get(registry, "manifests/" + tag).body());
        for (int i = 0; i < 2; i++) {
            pullsLayer(registry, image, i);
        }
    }

    private static void pullsLayer(RunningRegistry registry, FakeImage image, int layer) throws IOException {
        assertArrayEquals(
                image.layerBytes(layer),
                get(registry, "blobs/" + image.layer(layer)).body());
    }

    private static Response get(RunningRegistry registry, String what) throws IOException {
        return RawHttp.get(registry.base(), "/v2/team/app/" + what + "?ns=r.example");
    }

    private static long firstByte(Recorded request) {
        Optional<String> range = request.header("Range");
        return Long.parseLong(range.orElse("bytes=0-").replaceAll("bytes=([0-9]+)-.*", "$1"));
    }

    private static String descriptor(FakeImage image) {
        Digest digest = image.layer(1);
        return "{\"mediaType\":\"" + MediaType.OCI_INDEX + "\",\"digest\":\"" + digest
                + "\",\"size\":3,\"artifactType\":\"application/x\"}";
    }

    private static byte[] bodyOf(RunningRegistry registry, Digest layer) {
        try {
            return get(registry, "blobs/" + layer).body();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
