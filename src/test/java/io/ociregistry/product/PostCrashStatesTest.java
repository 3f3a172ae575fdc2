package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.RunningRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Starts from each {@link BrokenState}, serves intact content without a request to the upstream, and never serves
 * wrong bytes. Broken content is fetched again, or is a clean error while there is no upstream.
 */
@Timeout(60)
class PostCrashStatesTest {
    @TempDir
    Path images;

    private FakeUpstream upstream;
    private PulledCache cache;

    @BeforeEach
    void pull() throws Exception {
        upstream = FakeUpstream.start();
        cache = PulledCache.pull(upstream, images);
    }

    @AfterEach
    void stop() {
        upstream.close();
    }

    static Stream<BrokenState> states() {
        return BrokenState.all();
    }

    static List<BrokenState> blobs() {
        return BrokenState.blobs();
    }

    @ParameterizedTest
    @MethodSource("states")
    void brokenFileIsFetchedAgain(BrokenState state) throws Exception {
        cache.damage(state);
        cache.age();
        try (RunningRegistry registry = cache.start()) {
            cache.assertIntactContentNeedsNoUpstream(registry);
            cache.assertHeals(registry);
            registry.restart();
            upstream.refuseConnections();
            cache.assertAllRight(registry);
        }
    }

    @ParameterizedTest
    @MethodSource("states")
    void brokenFileWithoutUpstreamIsCleanError(BrokenState state) throws Exception {
        cache.damage(state);
        cache.age();
        cache.cutUpstream();
        try (RunningRegistry registry = cache.start()) {
            cache.assertIntactContentNeedsNoUpstream(registry);
            cache.assertNeverWrong(registry);
            upstream.heal();
            registry.restart();
            cache.assertHeals(registry);
        }
    }

    /** A recent broken file, which another program may still be writing, is neither quarantined nor served. */
    @ParameterizedTest
    @MethodSource("blobs")
    void recentBrokenFileIsFetchedAgain(BrokenState state) throws Exception {
        cache.damage(state);
        try (RunningRegistry registry = cache.start()) {
            cache.assertIntactContentNeedsNoUpstream(registry);
            cache.assertHeals(registry);
        }
    }

    @Test
    void temporaryFilesAreDeletedAtStart() throws Exception {
        Path temporary = cache.at("partial/" + cache.record().getFileName() + ".17.tmp");
        Files.writeString(temporary, "half a rec");
        Files.writeString(cache.partial(), "the start");
        try (RunningRegistry registry = cache.start()) {
            cache.assertAllRight(registry);
            assertFalse(Files.exists(temporary));
            assertTrue(Files.exists(cache.partial()), "what can be gone on with is kept");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"blobs", "fat", "img", "other", "partial", "corrupt", "lists"})
    void fileInPlaceOfDirectoryIsReportedAndCostsOnlyItsContent(String name) throws Exception {
        Path away = images.resolve("away");
        Files.move(cache.at(name), away);
        Files.createFile(cache.at(name));
        try (RunningRegistry registry = cache.start()) {
            cache.assertHeals(registry);
            String warning = registry.context().startupWarning().orElseThrow();
            assertTrue(warning.contains(cache.at(name) + " exists and is not a directory"), warning);
        }
        Files.delete(cache.at(name));
        Files.move(away, cache.at(name));
        upstream.refuseConnections();
        try (RunningRegistry registry = cache.start()) {
            cache.assertAllRight(registry);
        }
    }

    @Test
    void directoryInPlaceOfLockMakesCacheReadOnly() throws Exception {
        BrokenState.directory(cache.at(".lock"));
        upstream.refuseConnections();
        try (RunningRegistry registry = cache.start()) {
            cache.assertAllRight(registry);
            assertTrue(registry.context().startupWarning().isPresent());
        }
    }
}
