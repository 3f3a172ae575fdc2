package io.ociregistry.product;

import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.RunningRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Starts on a real cache with randomly damaged files, and serves only correct bytes completely.
 *
 * <p>Each run causes other damage; a failure names the seed that repeats it: {@code -Dgarbled.seed=SEED}.
 */
@Timeout(60)
class GarbledCachesTest {
    private static final int CACHES = 15;

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

    static LongStream seeds() {
        Long again = Long.getLong("garbled.seed");
        return again == null ? new Random().longs(CACHES) : LongStream.of(again);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void garbledFilesAreFetchedAgainAndNeverServed(long seed) throws Exception {
        cache.damage(new BrokenState("-Dgarbled.seed=" + seed, sound -> garble(new Random(seed))));
        cache.cutUpstream();
        try (RunningRegistry registry = cache.start()) {
            cache.assertNeverWrong(registry);
            upstream.heal();
            registry.restart();
            cache.assertHeals(registry);
            registry.restart();
            upstream.refuseConnections();
            cache.assertAllRight(registry);
        }
    }

    private void garble(Random random) throws IOException {
        List<Path> files;
        try (var all = Files.walk(images)) {
            files = all.filter(Files::isRegularFile).sorted().toList();
        }
        int share = 1 + random.nextInt(4);
        for (Path file : files) {
            if (random.nextInt(4) < share) {
                garble(file, files.get(random.nextInt(files.size())), random);
            }
        }
        if (random.nextBoolean()) {
            cache.age();
        }
    }

    private static void garble(Path file, Path other, Random random) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        switch (random.nextInt(6)) {
            case 0 -> Files.delete(file);
            case 1 -> Files.write(file, Arrays.copyOf(bytes, random.nextInt(bytes.length + 1)));
            case 2 -> Files.write(file, Arrays.copyOf(bytes, bytes.length + 1 + random.nextInt(5000)));
            case 3 -> Files.write(file, flipped(bytes, random));
            case 4 -> Files.write(file, Files.exists(other) ? Files.readAllBytes(other) : new byte[0]);
            default -> {
                random.nextBytes(bytes);
                Files.write(file, bytes);
            }
        }
    }

    private static byte[] flipped(byte[] bytes, Random random) {
        for (int i = 0; i < 3 && bytes.length > 0; i++) {
            bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
        }
        return bytes;
    }
}
