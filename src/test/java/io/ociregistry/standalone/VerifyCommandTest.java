package io.ociregistry.standalone;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.testing.RunningRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The command on real files, as people type it. */
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
    void aCacheInWhichNothingIsWrongIsToldSo() {
        assertEquals(0, cache.verify());
        assertEquals(1, cache.lines().size());
        assertTrue(cache.lines().get(0).matches("4 manifests, 6 blobs, 0\\.6 MB: no problem"), cache.lines()::toString);
        assertEquals("", cache.errors());
    }

    @ParameterizedTest
    @EnumSource
    void everyDamageIsTold_inOneLine(Damage damage) throws Exception {
        damage.strike(cache);
        cache.age();
        Map<Path, String> before = cache.looks();
        assertEquals(1, cache.verify());
        List<String> lines = cache.lines();
        assertEquals(2, lines.size(), lines::toString);
        assertTrue(lines.get(0).matches(damage.line(cache)), lines::toString);
        assertTrue(lines.get(1).endsWith(" MB: 1 problem"), lines::toString);
        assertEquals("", cache.errors());
        assertEquals(before, cache.looks());
    }

    @Test
    void allProblemsAreTold() throws Exception {
        Damage.FLIPPED_BYTE.strike(cache);
        Damage.GARBAGE_RECORD.strike(cache);
        Files.delete(cache.blob(cache.amd.config().digest()));
        cache.age();
        assertEquals(1, cache.verify());
        assertEquals(4, cache.lines().size(), cache.lines()::toString);
        assertTrue(cache.lines().get(3).endsWith(": 3 problems"), cache.lines()::toString);
    }

    @ParameterizedTest
    @EnumSource(names = {"FLIPPED_BYTE", "TRUNCATED_BLOB", "GARBAGE_RECORD"})
    void whatSomebodyWroteInTheLastMinuteIsNoProblem(Damage damage) throws Exception {
        damage.strike(cache);
        assertEquals(0, cache.verify(), cache.lines()::toString);
    }

    @Test
    void aBlobThatIsArrivingIsNotMissing() throws Exception {
        Damage.MISSING_BLOB.strike(cache);
        Files.write(cache.images.resolve("partial/" + cache.arm.layer(0).hex() + "@r.example"), new byte[10]);
        assertEquals(0, cache.verify(), cache.lines()::toString);
    }

    @Test
    void besideARunningServerNothingIsChanged() throws Exception {
        Damage.FLIPPED_BYTE.strike(cache);
        cache.age();
        try (RunningRegistry server = cache.serve("")) {
            Map<Path, String> before = cache.looks();
            assertEquals(1, cache.verify());
            assertEquals(before, cache.looks());
            assertEquals(2, cache.lines().size(), cache.lines()::toString);
            assertEquals(server.imagePath(), cache.images);
        }
    }

    @Test
    void whereThereIsNoCacheItSaysSo() throws Exception {
        Path nothing = dir.resolve("nothing");
        assertEquals(1, cache.verify("--image-path", nothing.toString()));
        assertTrue(cache.errors().contains("cannot verify the image path " + nothing), cache.errors());
        assertEquals(List.of(), cache.lines());
    }
}
