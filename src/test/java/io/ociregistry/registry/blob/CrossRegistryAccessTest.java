package io.ociregistry.registry.blob;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.config.ServerConfig;
import io.ociregistry.config.ServerKeys;
import io.ociregistry.config.model.AuthConfig;
import io.ociregistry.config.model.Timeouts;
import io.ociregistry.config.model.UpstreamConfig;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.oci.Repository;
import io.ociregistry.registry.RegistryContext;
import io.ociregistry.standalone.jetty.EmbeddedServer;
import io.ociregistry.store.BlobSource;
import io.ociregistry.testing.Content;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeIndex;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Gate;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import io.ociregistry.upstream.pool.HttpUpstreams;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A private registry and two unlisted ones with the same blob (ADR 8). Real unlisted registries would be at public
 * addresses; here their names resolve to loopback.
 */
@Timeout(60)
class CrossRegistryAccessTest {
    private static final int SIZE = 200_000;
    private static final String PRIVATE = "private.example";
    private static final String OTHER = "other.example";
    private static final String THIRD = "third.example";

    @TempDir
    Path images;

    private FakeUpstream hidden;
    private FakeUpstream other;
    private FakeUpstream third;
    private FakeImage secret;
    private Content layer;
    private Digest digest;
    private RegistryContext context;
    private EmbeddedServer server;

    @BeforeEach
    void start() throws Exception {
        hidden = FakeUpstream.start().requireBasic("user", "pw");
        other = FakeUpstream.start();
        third = FakeUpstream.start();
        secret = hidden.image("team/app", "1").layer(SIZE).push();
        layer = secret.layers().get(0).content();
        digest = secret.layer(0);
        open();
    }

    @AfterEach
    void stop() {
        close();
        hidden.close();
        other.close();
        third.close();
    }

    @Test
    void headAnswerOfAnUnlistedRegistryGivesNoLink() throws Exception {
        assertArrayEquals(layer.bytes(), get(PRIVATE, "team/app").body());
        other.blob("x/y", layer);
        other.on(Match.blob(digest).get()).always(Fault.status(404));

        Response said = RawHttp.head(base(), blob(OTHER, "x/y"));
        assertEquals(200, said.status());
        assertEquals(String.valueOf(SIZE), said.header("Content-Length"), "the size of its own answer");
        assertEquals(404, get(OTHER, "x/y").status());
        assertEquals(1, gets(other).size(), "the upstream was asked for the bytes");
        reopen();
        assertEquals(404, get(OTHER, "x/y").status());
        assertFalse(links().contains(OTHER), links());
        assertArrayEquals(layer.bytes(), get(PRIVATE, "team/app").body());
    }

    @Test
    void nameInAManifestOfAnotherRegistryGivesNoLink() throws Exception {
        get(PRIVATE, "team/app");
        FakeImage naming = other.image("x/y", "1").layer(layer).push();
        other.on(Match.blob(digest).get()).always(Fault.status(404));
        assertEquals(200, manifest(OTHER, "x/y", "1").status());
        assertEquals(200, manifest(OTHER, "x/y", naming.digest().toString()).status());
        RawHttp.head(base(), blob(OTHER, "x/y"));
        assertEquals(404, get(OTHER, "x/y").status());
    }

    @Test
    void registryThatSendsWrongBytesGetsNoLink() throws Exception {
        other.blob("x/y", layer);
        other.on(Match.blob(digest).get()).always(new Fault.Html());
        third.blob("x/y", layer);
        third.on(Match.blob(digest).get()).always(new Fault.Corrupt());
        assertNothing(get(OTHER, "x/y"));
        assertArrayEquals(layer.bytes(), get(PRIVATE, "team/app").body());
        assertNothing(get(OTHER, "x/y"));
        assertNothing(get(THIRD, "x/y"));
        assertFalse(links().contains(OTHER) || links().contains(THIRD), links());
        other.refuseConnections();
        assertEquals(503, get(OTHER, "x/y").status());
    }

    @Test
    void registryThatSendsTheBlobGetsADurableLink() throws Exception {
        get(PRIVATE, "team/app").body();
        other.blob("x/y", layer);
        assertArrayEquals(layer.bytes(), get(OTHER, "x/y").body());
        assertEquals(List.of(""), gets(other));
        settle();
        other.refuseConnections();
        for (int start = 1; start <= 2; start++) {
            assertArrayEquals(layer.bytes(), get(OTHER, "x/y").body());
            assertEquals(200, RawHttp.head(base(), blob(OTHER, "x/y")).status());
            reopen();
        }
    }

    @Test
    void headAnswerGivesALinkToAPublicBlob() throws Exception {
        get(PRIVATE, "team/app").body();
        other.blob("x/y", layer);
        third.blob("x/y", layer);
        get(OTHER, "x/y").body();
        reopen();
        assertArrayEquals(layer.bytes(), get(THIRD, "x/y").body());
        assertEquals(List.of(), gets(third));
        third.refuseConnections();
        reopen();
        assertArrayEquals(layer.bytes(), get(THIRD, "x/y").body());
    }

    @Test
    void brokenDownloadIsResumedFromItsOwnRegistryNotFromTheStore() throws Exception {
        get(PRIVATE, "team/app").body();
        settle();
        other.blob("x/y", layer);
        other.on(Match.blob(digest).get()).once(Fault.resetAfter(50_000));
        assertArrayEquals(layer.bytes(), get(OTHER, "x/y").body());
        assertEquals(List.of("", "bytes=50000-"), gets(other));
    }

    @Test
    void repositoryJoinsADownloadOfItsRegistryByHeadWithoutALink() throws Exception {
        get(PRIVATE, "team/app").body();
        settle();
        other.blob("x/y", layer);
        other.blob("x/z", layer);
        Gate gate = other.holdBlobAfter(digest, 50_000);
        try (RawHttp first = RawHttp.connect(base());
                RawHttp same = RawHttp.connect(base());
                RawHttp joining = RawHttp.connect(base())) {
            Response one = first.send("GET", blob(OTHER, "x/y"));
            assertEquals(200, one.status());
            gate.awaitReached();
            Response two = same.send("GET", blob(OTHER, "x/y"));
            assertEquals(200, two.status());
            assertEquals(List.of(), heads(other));
            Response three = joining.send("GET", blob(OTHER, "x/z"));
            assertEquals(200, three.status());
            assertEquals(List.of("x/z"), heads(other));
            assertFalse(links().contains(OTHER), "the download is not complete yet");
            gate.release();
            for (Response each : List.of(one, two, three)) {
                assertArrayEquals(layer.bytes(), each.body());
            }
        }
        assertEquals(List.of(""), gets(other));
        settle();
        assertTrue(links().contains(OTHER + "/x/y "), links());
        assertFalse(links().contains(OTHER + "/x/z "), links());
    }

    @Test
    void baseLayerIsSharedWithAConfiguredRegistryByHead() throws Exception {
        other.image("x/y", "1").layer(layer).push();
        assertEquals(200, manifest(OTHER, "x/y", "1").status());
        assertArrayEquals(layer.bytes(), get(OTHER, "x/y").body());
        settle();
        assertEquals(200, manifest(PRIVATE, "team/app", "1").status());
        assertArrayEquals(layer.bytes(), get(PRIVATE, "team/app").body());
        assertEquals(List.of(), gets(hidden), "the HEAD answer of a configured registry is trusted");
        hidden.refuseConnections();
        other.refuseConnections();
        reopen();
        assertArrayEquals(layer.bytes(), get(OTHER, "x/y").body());
        assertArrayEquals(layer.bytes(), get(PRIVATE, "team/app").body());
    }

    @Test
    void manifestNeedsTheBytesOfAnUnlistedRegistry() throws Exception {
        assertEquals(200, manifest(PRIVATE, "team/app", "1").status());
        Match theirs = Match.manifest(secret.digest());
        other.manifest("x/y", secret.mediaType(), secret.manifest());
        other.on(theirs.get()).always(Fault.status(404));
        String name = secret.digest().toString();
        assertEquals(
                404,
                RawHttp.get(base(), "/v2/x/y/blobs/" + name + "?ns=" + OTHER).status());
        assertEquals(1, other.requests(theirs.head()).size(), "its HEAD answer says that the digest is a manifest");
        assertEquals(404, manifest(OTHER, "x/y", name).status());
        reopen();
        other.heal();
        assertArrayEquals(secret.manifest(), manifest(OTHER, "x/y", name).body());
        other.refuseConnections();
        assertEquals(200, manifest(OTHER, "x/y", name).status(), "the upstream has sent the manifest now");
    }

    @Test
    void cacheWithoutLinksServesSharedBlobsOffline() throws Exception {
        FakeIndex theirs = hidden.index("team/app", "all", secret);
        FakeImage same = other.image("x/y", "1").layer(layer).push();
        other.manifest("x/y", secret.mediaType(), secret.manifest());
        other.index("x/y", "all", secret);
        for (String tag : List.of("1", "all")) {
            assertEquals(200, manifest(PRIVATE, "team/app", tag).status());
            assertEquals(200, manifest(OTHER, "x/y", tag).status());
        }
        get(PRIVATE, "team/app").body();
        close();
        deleteLinks();
        hidden.refuseConnections();
        other.refuseConnections();

        open();
        for (int start = 1; start <= 2; start++) {
            assertArrayEquals(layer.bytes(), get(PRIVATE, "team/app").body());
            assertArrayEquals(layer.bytes(), get(OTHER, "x/y").body());
            assertArrayEquals(theirs.bytes(), manifest(OTHER, "x/y", "all").body());
            assertArrayEquals(
                    secret.manifest(),
                    manifest(OTHER, "x/y", secret.digest().toString()).body());
            assertEquals(200, manifest(OTHER, "x/y", same.digest().toString()).status());
            reopen();
        }
    }

    @Test
    void completePartialFileBelongsToItsRegistry() throws Exception {
        close();
        Path partial = images.resolve("partial").resolve(digest.hex() + "@" + PRIVATE);
        Files.write(partial, layer.bytes());
        Files.writeString(Path.of(partial + ".checkpoints"), PRIVATE + "/team/app\n" + SIZE + " " + digest + "\n");
        open();
        assertArrayEquals(layer.bytes(), get(PRIVATE, "team/app").body());
        assertTrue(
                gets(hidden).contains("bytes=" + SIZE + "-"), () -> gets(hidden).toString());
        reopen();
        other.image("x/y", "1").layer(layer).push();
        other.on(Match.blob(digest)).always(Fault.status(404));
        assertEquals(200, manifest(OTHER, "x/y", "1").status());
        assertEquals(404, get(OTHER, "x/y").status());
        hidden.refuseConnections();
        assertArrayEquals(layer.bytes(), get(PRIVATE, "team/app").body());
    }

    @Test
    void cacheWithLinksDerivesNoneFromManifests() throws Exception {
        // The file of links exists, although it has no link yet.
        other.image("x/y", "1").layer(layer).push();
        other.on(Match.blob(digest)).always(Fault.status(404));
        assertEquals(200, manifest(OTHER, "x/y", "1").status());
        reopen();
        assertArrayEquals(layer.bytes(), get(PRIVATE, "team/app").body());
        reopen();
        assertEquals(404, get(OTHER, "x/y").status());
    }

    @Test
    void onlyABlobWithALinkIsAHit() throws Exception {
        Repository own = new Repository(RegistryName.parse(PRIVATE), "team/app");
        Repository unlinked = new Repository(RegistryName.parse(OTHER), "x/y");
        assertTrue(context.registry().cachedBlob(own, digest).isEmpty());
        assertArrayEquals(layer.bytes(), get(PRIVATE, "team/app").body());
        awaitStored();
        try (BlobSource hit = context.registry().cachedBlob(own, digest).orElseThrow()) {
            assertEquals(OptionalLong.of(SIZE), hit.size());
        }
        assertEquals(OptionalLong.of(SIZE), context.registry().cachedBlobSize(own, digest));
        assertTrue(context.registry().cachedBlob(unlinked, digest).isEmpty());
        assertTrue(context.registry().cachedBlobSize(unlinked, digest).isEmpty());
    }

    @Test
    void blobStoredDuringTheWaitForAManifestCheckIsNotShown() throws Exception {
        other.blob("x/y", layer);
        other.on(Match.blob(digest).get()).always(Fault.status(404));
        Gate check = other.hold(Match.manifest(digest).head());
        CompletableFuture<Response> waiting = getAsync(OTHER, "x/y");
        check.awaitReached();
        assertArrayEquals(layer.bytes(), get(PRIVATE, "team/app").body());
        awaitStored();
        check.release();
        assertEquals(404, waiting.get(20, TimeUnit.SECONDS).status());
        assertEquals(1, gets(other).size(), "the upstream was asked for the bytes");
    }

    @Test
    void downloadStartedDuringTheWaitForAManifestCheckIsJoinedOnlyAfterAConfirmation() throws Exception {
        other.blob("x/y", layer);
        Gate own = other.hold(Match.manifest(digest).head().in("x/y"));
        Gate neighbour = other.hold(Match.manifest(digest).head().in("x/z"));
        Gate bytes = other.holdBlobAfter(digest, 50_000);
        CompletableFuture<Response> first = getAsync(OTHER, "x/y");
        CompletableFuture<Response> second = getAsync(OTHER, "x/z");
        own.awaitReached();
        neighbour.awaitReached();
        own.release();
        bytes.awaitReached();
        neighbour.release();
        assertEquals(404, second.get(20, TimeUnit.SECONDS).status());
        assertEquals(List.of("x/z"), heads(other));
        bytes.release();
        assertArrayEquals(layer.bytes(), first.get(20, TimeUnit.SECONDS).body());
    }

    @Test
    void interruptedDownloadTakesNoBytesThatAnotherRegistryStoredMeanwhile() throws Exception {
        other.image("x/y", "1").layer(layer).push();
        assertEquals(200, manifest(OTHER, "x/y", "1").status());
        Gate bytes = other.holdNextBlobAfter(digest, 50_000);
        other.on(Match.blob(digest).ranged()).always(Fault.status(404));
        Response started = getAsync(OTHER, "x/y").get(20, TimeUnit.SECONDS);
        assertEquals(200, started.status(), "no other registry has the blob, so the manifest is enough");
        bytes.awaitReached();
        assertArrayEquals(layer.bytes(), get(PRIVATE, "team/app").body());
        awaitStored();
        other.resetConnections();
        bytes.release();
        assertNothing(started);
    }

    private CompletableFuture<Response> getAsync(String registry, String repository) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return get(registry, repository);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    /** Readers get the last byte before the file is published. */
    private void awaitStored() {
        Path file = images.resolve("blobs").resolve(digest.hex());
        while (!Files.exists(file)) {
            Thread.onSpinWait();
        }
    }

    private static void assertNothing(Response answer) throws IOException {
        byte[] body = answer.body();
        assertTrue(answer.status() >= 500 || (!answer.complete() && body.length < SIZE), answer::toString);
    }

    private static List<String> gets(FakeUpstream upstream) {
        return upstream.requests(Match.blobs().get()).stream()
                .map(request -> request.header("Range").orElse(""))
                .toList();
    }

    private static List<String> heads(FakeUpstream upstream) {
        return upstream.requests(Match.blobs().head()).stream()
                .map(request -> request.repository())
                .toList();
    }

    private static String blob(String registry, String repository, Digest digest) {
        return "/v2/" + repository + "/blobs/" + digest + "?ns=" + registry;
    }

    private String blob(String registry, String repository) {
        return blob(registry, repository, digest);
    }

    private Response get(String registry, String repository) throws IOException {
        return RawHttp.get(base(), blob(registry, repository));
    }

    private Response manifest(String registry, String repository, String reference) throws IOException {
        return RawHttp.get(base(), "/v2/" + repository + "/manifests/" + reference + "?ns=" + registry);
    }

    private URI base() {
        return URI.create("http://127.0.0.1:" + server.port());
    }

    private String links() throws IOException {
        return Files.readString(images.resolve("lists").resolve("links"));
    }

    private void deleteLinks() throws IOException {
        Files.delete(images.resolve("lists").resolve("links"));
        Files.delete(images.resolve("lists"));
    }

    /** Waits until everything that clients got is on disk, by a restart, because a stop waits for that. */
    private void settle() throws Exception {
        reopen();
    }

    private void reopen() throws Exception {
        close();
        open();
    }

    private void open() throws Exception {
        UpstreamConfig configured =
                UpstreamConfig.of(PRIVATE).withEndpoint(hidden.url()).withAuth(AuthConfig.basic("user", "pw"));
        ServerConfig config = ServerConfig.defaults()
                .with(ServerKeys.IMAGE_PATH, images)
                .with(ServerKeys.HOST, "127.0.0.1")
                .with(ServerKeys.PORT, 0)
                .with(ServerKeys.PREFETCH, false)
                .with(
                        ServerKeys.TIMEOUTS,
                        new Timeouts(Duration.ofSeconds(5), Duration.ofSeconds(5), Duration.ofSeconds(1)))
                .with(ServerKeys.REGISTRIES, List.of(configured));
        ServerConfig reachable = config.with(
                ServerKeys.REGISTRIES,
                List.of(
                        configured,
                        UpstreamConfig.of(OTHER).withEndpoint(other.url()),
                        UpstreamConfig.of(THIRD).withEndpoint(third.url())));
        context = RegistryContext.open(config, HttpUpstreams.of(reachable), Clock.systemUTC());
        server = EmbeddedServer.start(config, context);
    }

    private void close() {
        server.stop(Duration.ZERO);
        context.close();
    }
}
