package io.ociregistry.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The real server, killed at random points of concurrent pulls, again and again on one directory. After each restart all that was committed
 * is still there and needs no upstream, and every byte that is served is right.
 *
 * <p>20 rounds; the environment variable OCIREGISTRY_CRASH_ROUNDS asks for more.
 */
class CrashIT {
    private static final int ROUNDS = Integer.parseInt(System.getenv().getOrDefault("OCIREGISTRY_CRASH_ROUNDS", "20"));
    private static final int IMAGES = 8;
    private static final int CLIENTS = 4;
    private static final int REQUESTS_PER_IMAGE = 5;

    /** The path of every digest that there is upstream. */
    private final Map<String, String> paths = new ConcurrentHashMap<>();

    private final Random random = new Random(42);

    @TempDir
    Path directory;

    @Test
    void nothingThatWasCommittedIsLost_andNothingWrongIsServed() throws Exception {
        try (FakeUpstream upstream = FakeUpstream.start()) {
            var configuration = Configuration.in(directory, "- name: r.example\n  endpoint: " + upstream.url() + "\n");
            for (int round = 0; round < ROUNDS; round++) {
                List<FakeImage> images = images(upstream, round);
                try (FatJar server = FatJar.start(configuration)) {
                    assertCommittedIsServed(server, upstream, configuration.imagePath(), round);
                    pullUntilKilled(server, images);
                }
            }
            try (FatJar server = FatJar.start(configuration)) {
                assertCommittedIsServed(server, upstream, configuration.imagePath(), ROUNDS);
                for (int round = 0; round < ROUNDS; round++) {
                    for (FakeImage image : images(upstream, round)) {
                        pull(server, image, () -> {});
                    }
                }
            }
        }
    }

    private List<FakeImage> images(FakeUpstream upstream, int round) {
        List<FakeImage> images = IntStream.range(0, IMAGES)
                .mapToObj(i -> upstream.image("round" + round + "/image" + i, "1")
                        .layer(600_000)
                        .layer(40_000)
                        .layer(10)
                        .push())
                .toList();
        images.forEach(image -> wanted(image).forEach((digest, path) -> paths.put(digest, path)));
        return images;
    }

    /** The manifest, the config and the layers, in the order in which clients pull them. */
    private static Map<String, String> wanted(FakeImage image) {
        String base = "/v2/" + image.repository() + "/";
        Map<String, String> wanted = new LinkedHashMap<>();
        wanted.put(image.digest().toString(), base + "manifests/" + image.digest() + "?ns=r.example");
        Stream.concat(Stream.of(image.config()), image.layers().stream())
                .map(FakeImage.Blob::digest)
                .forEach(blob -> wanted.put(blob.toString(), base + "blobs/" + blob + "?ns=r.example"));
        return wanted;
    }

    /** Kills the server when a random number of answers have come, and whatever more happened meanwhile. */
    private void pullUntilKilled(FatJar server, List<FakeImage> images) throws InterruptedException {
        var answers = new CountDownLatch(1 + random.nextInt(IMAGES * REQUESTS_PER_IMAGE));
        ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
        var wrong = ConcurrentHashMap.<AssertionError>newKeySet();
        for (FakeImage image : images) {
            clients.execute(() -> {
                try {
                    pull(server, image, answers::countDown);
                } catch (IOException killed) {
                    // As intended.
                } catch (AssertionError e) {
                    wrong.add(e);
                }
            });
        }
        answers.await(30, TimeUnit.SECONDS);
        server.kill();
        clients.shutdown();
        assertTrue(clients.awaitTermination(30, TimeUnit.SECONDS));
        assertEquals(Set.of(), wrong);
    }

    private void pull(FatJar server, FakeImage image, Runnable answered) throws IOException {
        for (String digest : wanted(image).keySet()) {
            assertRight(get(server, digest), digest);
            answered.run();
        }
    }

    /** A body may be cut off by the kill; one that looks whole must be right. */
    private static void assertRight(Response answer, String digest) throws IOException {
        assertEquals(200, answer.status());
        byte[] body = answer.body();
        if (!answer.complete()) {
            throw new IOException("cut off");
        }
        assertEquals(digest, Digest.of(body).toString());
    }

    private void assertCommittedIsServed(FatJar server, FakeUpstream upstream, Path images, int round)
            throws IOException {
        Set<String> committed = new TreeSet<>();
        for (String kind : List.of("blobs", "img")) {
            try (var files = Files.list(images.resolve(kind))) {
                files.map(file -> "sha256:" + file.getFileName()).forEach(committed::add);
            }
        }
        for (String digest : committed) {
            int before = upstream.requests().size();
            Response answer = get(server, digest);
            assertEquals(200, answer.status(), () -> digest + " before round " + round);
            assertEquals(digest, Digest.of(answer.body()).toString());
            assertEquals(
                    List.of(),
                    upstream.requests().subList(before, upstream.requests().size()).stream()
                            .filter(request -> request.path().endsWith(digest))
                            .collect(Collectors.toList()),
                    () -> digest + " was committed, so nobody needs to be asked");
        }
        try (var corrupt = Files.list(images.resolve("corrupt"))) {
            assertEquals(List.of(), corrupt.toList());
        }
    }

    private Response get(FatJar server, String digest) throws IOException {
        return RawHttp.get(server.url(), String.valueOf(paths.get(digest)));
    }
}
