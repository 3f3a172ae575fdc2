package io.ociregistry.registry.verify;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.config.ServerKeys;
import io.ociregistry.config.model.CacheConfig;
import io.ociregistry.oci.Digest;
import io.ociregistry.registry.policy.ReferencePatterns;
import io.ociregistry.registry.prune.PrunePolicy;
import io.ociregistry.registry.prune.PruneReport;
import io.ociregistry.registry.prune.PruneRequest;
import io.ociregistry.store.Inspector.ReadThrottle;
import io.ociregistry.store.check.ScrubTimeFile;
import io.ociregistry.store.disk.Layout;
import io.ociregistry.testing.Await;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.LogLines;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RunningRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The scrub of a running server, on real files that become corrupt. */
@Timeout(60)
class ScrubTest {
    private static final Scrub.Schedule AT_ONCE = new Scrub.Schedule(Duration.ZERO, Duration.ofDays(1));

    @TempDir
    Path dir;

    private final FakeUpstream upstream = FakeUpstream.start();
    private final FakeImage image =
            upstream.image("team/app", "1").layer(200_000).layer(150_000).push();
    private final LogLines log = LogLines.of(Scrub.class.getName());
    private RunningRegistry server;

    @BeforeEach
    void pull() throws Exception {
        serve("");
        assertArrayEquals(image.manifest(), get("manifests/1").body());
        for (int i = 0; i < 2; i++) {
            assertArrayEquals(
                    image.layerBytes(i), get("blobs/" + image.layer(i)).body());
        }
        get("blobs/" + image.config().digest());
        awaitPublished();
    }

    /** Waits for the disk, because clients get a whole blob before it is published. */
    private void awaitPublished() throws Exception {
        Await.until("all blobs are published", () -> count("blobs") == 3 && count("partial") == 0);
    }

    private long count(String directory) throws IOException {
        try (var files = Files.list(dir.resolve(directory))) {
            return files.count();
        }
    }

    @AfterEach
    void close() {
        server.close();
        upstream.close();
        log.close();
    }

    @Test
    void reloadStopsAndStartsTheScrub() throws Exception {
        server.context().startScrub();
        assertEquals(1, scrubs());
        reload(0);
        assertEquals(0, scrubs());
        reload(1 << 20);
        assertEquals(1, scrubs());
    }

    private void reload(long rate) {
        CacheConfig defaults = CacheConfig.DEFAULT;
        CacheConfig cache = new CacheConfig(
                defaults.negativeTtl(),
                defaults.maxSize(),
                defaults.highWater(),
                defaults.lowWater(),
                defaults.pins(),
                rate);
        server.context().reload(server.context().config().with(ServerKeys.CACHE, cache));
    }

    private static long scrubs() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("scrub"))
                .count();
    }

    private void serve(String more) throws Exception {
        server = RunningRegistry.start(
                "prefetch: false\n" + more + "registries:\n- name: r.example\n  endpoint: " + upstream.url() + "\n",
                dir);
    }

    private RawHttp.Response get(String path) throws IOException {
        return RawHttp.get(server.base(), "/v2/team/app/" + path + "?ns=r.example");
    }

    private Path blob(Digest digest) {
        return dir.resolve("blobs/" + digest.hex());
    }

    private Path record() {
        return dir.resolve("img/" + image.digest().hex());
    }

    /** Makes every file old, so that none counts as being written. */
    private void age() throws IOException {
        FileTime longAgo = FileTime.from(Instant.now().minus(Duration.ofHours(1)));
        try (var files = Files.walk(dir)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Files.setLastModifiedTime(file, longAgo);
            }
        }
    }

    /** Flips one byte without a change of size or time. */
    private static void corrupt(Path file) throws IOException {
        FileTime time = Files.getLastModifiedTime(file);
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length / 2] ^= 1;
        Files.write(file, bytes);
        Files.setLastModifiedTime(file, time);
    }

    /** Runs a scrub to the end of a pass. */
    private void scrub() throws Exception {
        int before = passes();
        server.context().startScrub(ReadThrottle.UNBOUNDED, AT_ONCE);
        awaitPass(before);
    }

    private void awaitPass(int before) throws Exception {
        Await.until("the end of a pass", () -> passes() > before);
    }

    private int passes() {
        return (int) log.at("INFO").stream()
                .filter(line -> line.contains(" manifests and "))
                .count();
    }

    private PruneReport prune(String pattern) {
        PrunePolicy policy = new PrunePolicy.Matching(ReferencePatterns.parse(pattern));
        return server.context().pruner().prune(new PruneRequest(policy, false));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                // start of the last pass | delay of the next one
                " | PT5M",
                "PT-1H | PT23H",
                "PT-23H-58M | PT5M",
                "PT-30H | PT5M",
                "PT1S | PT5M",
                "PT-0S | PT24H",
            })
    void startWaitsUntilADayAfterTheLastPass(@Nullable Duration ago, Duration wait) {
        Instant now = Instant.parse("2026-01-01T00:00:00Z");
        assertEquals(
                wait,
                Scrub.Schedule.DEFAULT.delayAtStart(Optional.ofNullable(ago).map(now::plus), now));
    }

    @Test
    void completedPassIsRecorded() throws Exception {
        age();
        Instant before = Instant.now();
        scrub();
        server.close();
        Instant noted = Instant.parse(Files.readString(dir.resolve("scrubbed")).strip());
        assertFalse(noted.isBefore(before), noted + " " + before);
        serve("");
        assertEquals(Optional.of(noted), new ScrubTimeFile(new Layout(dir)).read());
    }

    @Test
    void interruptedPassIsNotRecorded() throws Exception {
        age();
        CountDownLatch reading = new CountDownLatch(1);
        server.context()
                .startScrub(
                        bytes -> {
                            reading.countDown();
                            new CountDownLatch(1).await();
                        },
                        AT_ONCE);
        reading.await();
        server.close();
        assertFalse(Files.exists(dir.resolve("scrubbed")));
        serve("");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "yesterday", "9999-01-01T00:00:00Z"})
    void invalidNoteDoesNotPreventAPass(String note) throws Exception {
        age();
        Files.writeString(dir.resolve("scrubbed"), note);
        scrub();
        assertTrue(new ScrubTimeFile(new Layout(dir)).read().orElseThrow().isBefore(Instant.now()));
    }

    @Test
    void flippedByteIsLoggedAndFetchedAgain() throws Exception {
        age();
        server.restart();
        // Verified again, so that hits trust the file.
        assertArrayEquals(image.layerBytes(0), get("blobs/" + image.layer(0)).body());
        corrupt(blob(image.layer(0)));
        upstream.forgetRequests();
        scrub();
        assertEquals(1, log.at("ERROR").size(), log::text);
        assertTrue(
                log.text().contains("scrub: bad blob      " + blob(image.layer(0)) + ": its 200000 bytes"), log::text);
        assertTrue(log.text().contains("INFO scrub: repaired      " + image.layer(0)), log::text);
        assertArrayEquals(image.layerBytes(0), Files.readAllBytes(blob(image.layer(0))));
        assertEquals(1, upstream.requests(Match.blob(image.layer(0))).size());
        upstream.close();
        assertArrayEquals(image.layerBytes(0), get("blobs/" + image.layer(0)).body());
        assertArrayEquals(image.layerBytes(1), get("blobs/" + image.layer(1)).body());
    }

    @Test
    void corruptRecordIsFetchedAgainAndKeepsItsTag() throws Exception {
        age();
        server.restart();
        corrupt(record());
        scrub();
        assertTrue(log.text().contains("INFO scrub: repaired      " + image.digest()), log::text);
        upstream.close();
        server.restart();
        assertArrayEquals(image.manifest(), get("manifests/1").body());
    }

    @Test
    void quarantinedRecordIsFetchedLaterWithoutItsBlobs() throws Exception {
        server.close();
        age();
        corrupt(record());
        serve("airGapped: true\n");
        scrub();
        assertTrue(log.text().contains("ERROR scrub: not repaired  " + image.digest()), log::text);
        server.close();
        Files.delete(dir.resolve("scrubbed"));
        serve("");
        upstream.forgetRequests();
        scrub();
        assertTrue(log.text().contains("ERROR scrub: lost manifest " + image.digest()), log::text);
        assertTrue(log.text().contains("INFO scrub: repaired      " + image.digest()), log::text);
        assertEquals(0, upstream.requests(Match.blobs()).size());
        upstream.close();
        assertArrayEquals(image.manifest(), get("manifests/1").body());
        assertArrayEquals(image.layerBytes(0), get("blobs/" + image.layer(0)).body());
    }

    @Test
    void deletedBlobIsFetchedAgain() throws Exception {
        age();
        Files.delete(blob(image.layer(1)));
        scrub();
        assertTrue(log.text().contains("scrub: missing blob  " + image.layer(1)), log::text);
        assertArrayEquals(image.layerBytes(1), Files.readAllBytes(blob(image.layer(1))));
    }

    @Test
    void blobThatWasNeverCachedIsNotFetched() throws Exception {
        FakeImage other = upstream.image("team/app", "2").layer(90_000).push();
        get("manifests/2");
        age();
        upstream.forgetRequests();
        scrub();
        assertTrue(log.text().contains("INFO scrub: 2 manifests and 3 blobs read"), log::text);
        assertFalse(Files.exists(blob(other.layer(0))));
        assertEquals(0, upstream.requests(Match.blobs()).size());
        assertEquals(0, log.at("ERROR").size(), log::text);
    }

    @Test
    void airGappedServerOnlyQuarantines() throws Exception {
        server.close();
        age();
        corrupt(blob(image.layer(0)));
        serve("airGapped: true\n");
        upstream.forgetRequests();
        scrub();
        assertTrue(
                log.text().contains("ERROR scrub: not repaired  " + image.layer(0) + ": this cache is air-gapped"),
                log::text);
        assertFalse(Files.exists(blob(image.layer(0))));
        assertEquals(0, upstream.requests().size());
        assertEquals(404, get("blobs/" + image.layer(0)).status());
        assertEquals(200, get("blobs/" + image.layer(1)).status());
    }

    @Test
    void requestsAndPrunesDoNotWaitForTheScrub() throws Exception {
        age();
        CountDownLatch reading = new CountDownLatch(1);
        CountDownLatch never = new CountDownLatch(1);
        server.context()
                .startScrub(
                        bytes -> {
                            reading.countDown();
                            never.await();
                        },
                        AT_ONCE);
        reading.await();
        assertArrayEquals(image.layerBytes(0), get("blobs/" + image.layer(0)).body());
        PruneReport report = prune("app:1");
        assertEquals(1, report.names().size(), report.lines()::toString);
        assertArrayEquals(image.manifest(), get("manifests/1").body());
        server.restart();
    }

    @Test
    void contentPrunedDuringThePassIsNoProblem() throws Exception {
        age();
        CountDownLatch inBlob = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        server.context()
                .startScrub(
                        bytes -> {
                            if (bytes > 60_000) {
                                inBlob.countDown();
                                go.await();
                            }
                        },
                        AT_ONCE);
        inBlob.await();
        prune("app:1");
        try (var blobs = Files.list(dir.resolve("blobs"))) {
            for (Path left : blobs.toList()) {
                Files.delete(left);
            }
        }
        go.countDown();
        awaitPass(0);
        assertEquals(0, log.at("ERROR").size(), log::text);
    }
}
