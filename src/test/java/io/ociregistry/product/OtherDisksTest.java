package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.RunningRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs on a cache with one directory on another file system, into which no file can be renamed from the rest. */
@Timeout(120)
class OtherDisksTest {
    private static final Path MEMORY = Path.of("/dev/shm");

    @TempDir
    Path images;

    private Path other;
    private FakeUpstream upstream;

    @BeforeEach
    void start() throws IOException {
        assumeTrue(Files.isDirectory(MEMORY) && !Files.getFileStore(MEMORY).equals(Files.getFileStore(images)));
        other = Files.createTempDirectory(MEMORY, "ociregistry");
        upstream = FakeUpstream.start();
    }

    @AfterEach
    void stop() throws IOException {
        if (upstream != null) {
            upstream.close();
        }
        try (var files = Files.walk(other)) {
            for (Path file :
                    files.sorted((one, another) -> another.compareTo(one)).toList()) {
                Files.delete(file);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"blobs", "fat", "img", "lists", "corrupt", "partial"})
    void contentIsStoredAndCorruptFilesAreQuarantined(String directory) throws Exception {
        Files.createSymbolicLink(images.resolve(directory), other);
        PulledCache cache = PulledCache.pull(upstream, images);
        cache.cutUpstream();
        try (RunningRegistry registry = cache.start()) {
            cache.assertAllRight(registry);
        }

        upstream.heal();
        damage(cache.layer());
        damage(cache.record());
        try (RunningRegistry registry = cache.start()) {
            cache.assertHeals(registry);
            registry.restart();
            upstream.refuseConnections();
            cache.assertAllRight(registry);
        }
        assertEquals(
                Set.of(
                        String.valueOf(cache.layer().getFileName()),
                        String.valueOf(cache.record().getFileName())),
                quarantined());
        assertTrue(Files.isSymbolicLink(images.resolve(directory)));
        assertTrue(all().stream().noneMatch(file -> file.toString().endsWith(".tmp")), () -> "of " + all());
    }

    @Test
    void statusReportsDiskOfBlobs() throws Exception {
        Files.createSymbolicLink(images.resolve("blobs"), other);
        long total = Files.getFileStore(MEMORY).getTotalSpace();
        try (RunningRegistry registry = RunningRegistry.start("", images)) {
            String status = registry.operator().get("/cmd/status").text();
            assertTrue(status.contains(" of " + total + " free"), status);
        }
    }

    @Test
    void partsLeftByCrashAreDeletedOrQuarantined() throws Exception {
        PulledCache cache = PulledCache.pull(upstream, images);
        Path copy = Files.createDirectory(images.resolve("blobs/.partial")).resolve("0123.7.tmp");
        Files.writeString(copy, "half a bl");
        String bad = "0".repeat(64) + ".1700000000000.img";
        Path held = Files.createDirectory(images.resolve("img/.partial")).resolve(bad);
        Files.writeString(held, "bad");
        try (RunningRegistry registry = cache.start()) {
            cache.assertAllRight(registry);
        }
        assertFalse(Files.exists(copy));
        assertFalse(Files.exists(held));
        assertEquals("bad", Files.readString(images.resolve("corrupt").resolve(bad)));
    }

    private static void damage(Path file) throws IOException {
        Files.write(file, new byte[(int) Files.size(file)]);
        Files.setLastModifiedTime(file, FileTime.from(Instant.now().minusSeconds(3600)));
    }

    /** Returns the names that the files in quarantine had before. */
    private Set<String> quarantined() {
        return all().stream()
                .filter(file -> file.startsWith(images.resolve("corrupt")))
                .map(file -> String.valueOf(file.getFileName()).split("\\.", 2)[0])
                .collect(Collectors.toSet());
    }

    private List<Path> all() {
        try (Stream<Path> files = Files.walk(images, FileVisitOption.FOLLOW_LINKS)) {
            return files.filter(Files::isRegularFile).toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
