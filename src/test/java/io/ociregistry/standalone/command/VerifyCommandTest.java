package io.ociregistry.standalone.command;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.registry.prune.PrunePolicy;
import io.ociregistry.registry.prune.PruneRequest;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RunningRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The command {@code verify} on real files. */
@Timeout(60)
class VerifyCommandTest {
    @TempDir
    Path dir;

    private VerifiedCache cache;

    @BeforeEach
    void fill() throws Exception {
        cache = new VerifiedCache(dir);
    }

    @AfterEach
    void close() {
        cache.close();
    }

    @Test
    void intactCacheHasNoProblem() {
        assertEquals(0, cache.verify());
        assertEquals(1, cache.lines().size());
        assertTrue(
                cache.lines().get(0).matches("4 manifests, 6 blobs, 600\\.5 kB: no problem"), cache.lines()::toString);
        assertEquals("", cache.errors());
    }

    @ParameterizedTest
    @EnumSource
    void everyDamageIsReportedInOneLine(Damage damage) throws Exception {
        damage.apply(cache);
        cache.age();
        Map<Path, String> before = cache.fileStamps();
        assertEquals(1, cache.verify());
        List<String> lines = cache.lines();
        assertEquals(2, lines.size(), lines::toString);
        assertTrue(lines.get(0).matches(damage.line(cache)), lines::toString);
        assertTrue(lines.get(1).endsWith(" kB: 1 problem"), lines::toString);
        assertEquals("", cache.errors());
        assertEquals(before, cache.fileStamps());
    }

    @Test
    void allProblemsAreReported() throws Exception {
        Damage.FLIPPED_BYTE.apply(cache);
        Damage.GARBAGE_RECORD.apply(cache);
        Files.delete(cache.blob(cache.amd.config().digest()));
        cache.age();
        assertEquals(1, cache.verify());
        assertEquals(4, cache.lines().size(), cache.lines()::toString);
        assertTrue(cache.lines().get(3).endsWith(": 3 problems"), cache.lines()::toString);
    }

    @ParameterizedTest
    @EnumSource(names = {"FLIPPED_BYTE", "TRUNCATED_BLOB", "GARBAGE_RECORD"})
    void recentFileIsNotProblem(Damage damage) throws Exception {
        damage.apply(cache);
        assertEquals(0, cache.verify(), cache.lines()::toString);
        String last = cache.lines().get(0);
        assertTrue(last.endsWith(": no problem; not judged yet, because written in the last minute: 1"), last);
    }

    @Test
    void recentImageIsNotJudged() throws Exception {
        Damage.MISSING_BLOB.apply(cache);
        cache.renew();
        assertEquals(0, cache.verify(), cache.lines()::toString);
        assertTrue(cache.lines().get(0).contains("not judged yet"), cache.lines()::toString);
    }

    @Test
    void blobInFlightIsNotMissing() throws Exception {
        Damage.MISSING_BLOB.apply(cache);
        Files.write(cache.images.resolve("partial/" + cache.arm.layer(0).hex() + "@r.example"), new byte[10]);
        assertEquals(0, cache.verify(), cache.lines()::toString);
    }

    @Test
    void verifyBesideServerChangesNothing() throws Exception {
        Damage.FLIPPED_BYTE.apply(cache);
        cache.age();
        try (RunningRegistry server = cache.serve("")) {
            Map<Path, String> before = cache.fileStamps();
            assertEquals(1, cache.verify());
            assertEquals(before, cache.fileStamps());
            assertEquals(2, cache.lines().size(), cache.lines()::toString);
            assertEquals(server.imagePath(), cache.images);
        }
    }

    @Test
    void missingCacheIsReported() throws Exception {
        Path nothing = dir.resolve("nothing");
        assertEquals(1, cache.verify("--image-path", nothing.toString()));
        assertTrue(cache.errors().contains("cannot verify the image path " + nothing), cache.errors());
        assertEquals(List.of(), cache.lines());
    }

    @ParameterizedTest
    @EnumSource
    void everyDamageIsRepairedAndServedOffline(Damage damage) throws Exception {
        damage.apply(cache);
        cache.age();
        cache.upstream.forgetRequests();
        assertEquals(0, cache.verify("--repair"), cache.lines()::toString);
        List<String> lines = cache.lines();
        assertEquals(3, lines.size(), lines::toString);
        assertTrue(lines.get(0).matches(damage.line(cache)), lines::toString);
        assertTrue(lines.get(1).matches("repaired +sha256:[0-9a-f]{64}"), lines::toString);
        assertEquals(
                1,
                cache.upstream.requests().stream()
                        .filter(request -> request.method().equals("GET")
                                && !request.path().equals("/v2/"))
                        .count(),
                "only what was bad is fetched");
        assertEquals(0, cache.verify(), cache.lines()::toString);
        try (RunningRegistry server = cache.serve("airGapped: true\n")) {
            cache.pull(server);
        }
    }

    @Test
    void corruptFilesStayInQuarantine() throws Exception {
        Damage.FLIPPED_BYTE.apply(cache);
        cache.age();
        byte[] bad = Files.readAllBytes(cache.blob(cache.arm.layer(0)));
        assertEquals(0, cache.verify("--repair"));
        try (var kept = Files.list(cache.images.resolve("corrupt"))) {
            Path file = kept.filter(each -> !each.toString().endsWith(".reason"))
                    .findFirst()
                    .orElseThrow();
            assertArrayEquals(bad, Files.readAllBytes(file));
        }
    }

    @Test
    void repairedManifestGetsItsTagBackFromOlderOne() throws Exception {
        FakeImage newer = cache.upstream
                .image("team/tool", "1")
                .layer(100_000)
                .annotation("version", "2")
                .push();
        String path = "/v2/team/tool/manifests/1?ns=r.example";
        try (RunningRegistry server = cache.serve("  tags: [{pattern: '*', policy: always}]\n")) {
            assertArrayEquals(newer.manifest(), RawHttp.get(server.base(), path).body());
        }
        Files.writeString(cache.record(newer), "garbage");
        cache.age();
        assertEquals(0, cache.verify("--repair"), cache.lines()::toString);
        try (RunningRegistry server = cache.serve("airGapped: true\n")) {
            RawHttp.Response answer = RawHttp.get(server.base(), path);
            assertArrayEquals(newer.manifest(), answer.body());
            assertNull(answer.header("Warning"));
        }
    }

    @Test
    void manifestWithoutNameIsReportedAsUnrepaired() throws Exception {
        Files.writeString(cache.record(cache.tool), "garbage");
        Files.delete(cache.images.resolve("records"));
        cache.age();
        assertEquals(1, cache.verify("--repair"));
        assertTrue(cache.lines().get(1).contains("its image is not known"), cache.lines()::toString);
        assertEquals(1, cache.verify(), "the manifest is lost until its quarantined record is deleted");
        assertTrue(cache.lines().get(0).startsWith("lost manifest " + cache.tool.digest()), cache.lines()::toString);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void pruneKeepsBlobsOfBadRecordBeforeRepair(boolean isGarbage) throws Exception {
        Path record = cache.record(cache.tool);
        String text = Files.readString(record);
        Files.writeString(record, isGarbage ? "" : text.substring(0, text.length() / 2));
        cache.age();
        cache.upstream.forgetRequests();
        try (RunningRegistry server = cache.serve("airGapped: true\n")) {
            PruneRequest orphans =
                    new PruneRequest(new PrunePolicy.AllOf(List.of()), OptionalInt.of(0), OptionalLong.empty(), false);
            server.context().pruner().prune(orphans);
            server.context().pruner().prune(orphans);
        }
        assertEquals(1, cache.verify());
        assertTrue(cache.lines().get(0).startsWith("lost manifest " + cache.tool.digest()), cache.lines()::toString);
        assertEquals(0, cache.verify("--repair"), cache.lines()::toString);
        assertEquals(List.of(), cache.upstream.requests(Match.blobs()));
        assertEquals(0, cache.verify(), cache.lines()::toString);
        try (RunningRegistry server = cache.serve("airGapped: true\n")) {
            cache.pull(server);
        }
    }

    @Test
    void corruptRecordWithSameFileStampGetsItsTagBack() throws Exception {
        Path record = cache.record(cache.tool);
        // With the file stamp that the last stop saved in the index snapshot.
        try (RunningRegistry server = cache.serve("")) {
            assertEquals(cache.images, server.imagePath());
        }
        FileTime time = Files.getLastModifiedTime(record);
        byte[] bytes = Files.readAllBytes(record);
        bytes[bytes.length / 2] ^= 1;
        Files.write(record, bytes);
        Files.setLastModifiedTime(record, time);
        assertEquals(0, cache.verify("--repair"), cache.lines()::toString);
        try (RunningRegistry server = cache.serve("airGapped: true\n")) {
            cache.pull(server);
        }
    }

    @Test
    void corruptBlobWithoutImageIsOnlyQuarantined() throws Exception {
        Files.writeString(cache.blob(Digest.of(new byte[] {1})), "two");
        cache.age();
        cache.upstream.close();
        assertEquals(0, cache.verify("--repair"), cache.lines()::toString);
        assertFalse(Files.exists(cache.blob(Digest.of(new byte[] {1}))));
        assertEquals(0, cache.verify(), cache.lines()::toString);
    }

    @Test
    void contentMissingUpstreamIsReportedWithReason() throws Exception {
        Damage.FLIPPED_BYTE.apply(cache);
        Files.delete(cache.blob(cache.amd.layer(0)));
        cache.age();
        cache.upstream.on(Match.blob(cache.arm.layer(0))).always(Fault.status(404));
        assertEquals(1, cache.verify("--repair"));
        List<String> lines = cache.lines();
        assertTrue(lines.get(2).matches("repaired +" + cache.amd.layer(0)), lines::toString);
        assertTrue(lines.get(3).matches("not repaired +" + cache.arm.layer(0) + ": .*404.*"), lines::toString);
    }

    @Test
    void airGappedRepairFetchesNothingAndReportsIt() throws Exception {
        Damage.FLIPPED_BYTE.apply(cache);
        cache.age();
        cache.upstream.forgetRequests();
        assertEquals(
                1, cache.verify("--repair", "--config-file", cache.airGapped().toString()));
        assertTrue(cache.lines().get(1).contains("air-gapped"), cache.lines()::toString);
        assertEquals(List.of(), cache.upstream.requests());
        assertFalse(Files.exists(cache.blob(cache.arm.layer(0))), "what is bad is put away");
    }

    @Test
    void repairBesideServerIsRefusedAndChangesNothing() throws Exception {
        Damage.FLIPPED_BYTE.apply(cache);
        cache.age();
        try (RunningRegistry server = cache.serve("")) {
            Map<Path, String> before = cache.fileStamps();
            assertEquals(1, cache.verify("--repair"));
            assertTrue(cache.errors().contains("pid " + ProcessHandle.current().pid()), cache.errors());
            assertTrue(cache.errors().contains("cache.scrubRate"), cache.errors());
            assertEquals(before, cache.fileStamps());
            assertEquals(cache.images, server.imagePath());
        }
    }

    @Test
    void repairCreatesNoCache() throws Exception {
        Path nothing = dir.resolve("nothing");
        assertEquals(1, cache.verify("--repair", "--image-path", nothing.toString()));
        assertTrue(cache.errors().contains("cannot repair the image path " + nothing), cache.errors());
        assertFalse(Files.exists(nothing));
    }
}
