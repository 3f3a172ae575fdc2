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
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
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
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills the real server at random points of concurrent pulls, repeatedly on one directory. After each restart all
 * committed content is present and needs no upstream, and every served byte is correct.
 *
 * <p>Content is committed if its final name is on the disk when the server is killed, or if it is a manifest that a
 * client received completely before. Each restart checks the latest committed content and up to {@link #SAMPLE} older
 * files; the last restart checks all of it.
 *
 * <p>The test runs 20 rounds; the environment variable OCIREGISTRY_CRASH_ROUNDS sets another number.
 */
class CrashIT {
    private static final int ROUNDS = Integer.parseInt(System.getenv().getOrDefault("OCIREGISTRY_CRASH_ROUNDS", "20"));
    private static final int IMAGES = 8;
    private static final int CLIENTS = 4;
    private static final int REQUESTS_PER_IMAGE = 5;
    private static final int SAMPLE = 40;

    /** The request path of every digest in the upstream. */
    private final Map<String, String> paths = new ConcurrentHashMap<>();

    /** The files of all committed content, in the order in which the test saw them. */
    private final Set<Path> committed = Collections.synchronizedSet(new LinkedHashSet<>());

    private final Random random = new Random(42);

    @TempDir
    Path directory;

    @Test
    void killedServerLosesNoCommittedContentAndServesNothingWrong() throws Exception {
        try (FakeUpstream upstream = FakeUpstream.start()) {
            // A busy machine may need longer than the default to answer, and a refused pull would test nothing.
            var configuration = Configuration.in(directory, "- name: r.example\n  endpoint: " + upstream.url() + "\n")
                    .with("timeouts: {answer: 60s}");
            for (int round = 0; round < ROUNDS; round++) {
                List<FakeImage> images = images(upstream, round);
                try (FatJar server = FatJar.start(configuration)) {
                    assertCommittedIsServed(server, upstream, configuration.imagePath(), SAMPLE);
                    pullUntilKilled(server, images, configuration.imagePath());
                }
            }
            try (FatJar server = FatJar.start(configuration)) {
                assertCommittedIsServed(server, upstream, configuration.imagePath(), Integer.MAX_VALUE);
                for (int round = 0; round < ROUNDS; round++) {
                    for (FakeImage image : images(upstream, round)) {
                        pull(server, image, got -> {});
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

    /** Returns the manifest, the config and the layers, in the order in which clients pull them. */
    private static Map<String, String> wanted(FakeImage image) {
        String base = "/v2/" + image.repository() + "/";
        Map<String, String> wanted = new LinkedHashMap<>();
        wanted.put(image.digest().toString(), base + "manifests/" + image.digest() + "?ns=r.example");
        Stream.concat(Stream.of(image.config()), image.layers().stream())
                .map(FakeImage.Blob::digest)
                .forEach(blob -> wanted.put(blob.toString(), base + "blobs/" + blob + "?ns=r.example"));
        return wanted;
    }

    /** Kills the server after a random number of answers. */
    private void pullUntilKilled(FatJar server, List<FakeImage> pulled, Path images) throws Exception {
        var answers = new CountDownLatch(1 + random.nextInt(IMAGES * REQUESTS_PER_IMAGE));
        ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
        var wrong = ConcurrentHashMap.<AssertionError>newKeySet();
        for (FakeImage image : pulled) {
            clients.execute(() -> {
                try {
                    pull(server, image, digest -> {
                        if (digest.equals(image.digest().toString())) {
                            committed.add(
                                    images.resolve("img").resolve(image.digest().hex()));
                        }
                        answers.countDown();
                    });
                } catch (IOException killed) {
                    // The kill interrupted the request.
                } catch (AssertionError e) {
                    wrong.add(e);
                }
            });
        }
        answers.await(30, TimeUnit.SECONDS);
        committed.addAll(onDisk(images));
        server.kill();
        clients.shutdown();
        assertTrue(clients.awaitTermination(30, TimeUnit.SECONDS));
        assertEquals(Set.of(), wrong);
    }

    private void pull(FatJar server, FakeImage image, Consumer<String> got) throws IOException {
        for (String digest : wanted(image).keySet()) {
            try (RawHttp http = RawHttp.connect(server.url())) {
                assertRight(get(http, digest), digest);
            }
            got.accept(digest);
        }
    }

    /** Checks a body: the kill may truncate it, but a complete body must be correct. */
    private static void assertRight(Response answer, String digest) throws IOException {
        assertEquals(200, answer.status());
        byte[] body = answer.body();
        if (!answer.complete()) {
            throw new IOException("cut off");
        }
        assertEquals(digest, Digest.of(body).toString());
    }

    private void assertCommittedIsServed(FatJar server, FakeUpstream upstream, Path images, int sample)
            throws IOException {
        Set<Path> there = onDisk(images);
        assertEquals(
                List.of(),
                committed.stream().filter(file -> !there.contains(file)).toList(),
                "lost");
        // The restarted server has no requests yet, so any other file was committed before the kill.
        Set<Path> wanted = new LinkedHashSet<>(there);
        wanted.removeAll(committed);
        committed.addAll(there);
        List<Path> older = new ArrayList<>(committed);
        Collections.shuffle(older, random);
        older.stream().limit(sample).forEach(wanted::add);
        upstream.forgetRequests();
        try (RawHttp http = RawHttp.connect(server.url())) {
            for (Path file : wanted) {
                String digest = "sha256:" + file.getFileName();
                assertRight(get(http, digest), digest);
            }
        }
        Set<String> asked = upstream.requests().stream()
                .map(request -> request.path().replaceFirst(".*/sha256:", ""))
                .collect(Collectors.toSet());
        assertEquals(
                List.of(),
                wanted.stream()
                        .map(file -> file.getFileName().toString())
                        .filter(asked::contains)
                        .toList(),
                "committed, and yet asked for");
        try (var corrupt = Files.list(images.resolve("corrupt"))) {
            assertEquals(List.of(), corrupt.toList());
        }
    }

    private static Set<Path> onDisk(Path images) throws IOException {
        Set<Path> found = new TreeSet<>();
        for (String kind : List.of("blobs", "img")) {
            try (var files = Files.list(images.resolve(kind))) {
                files.forEach(found::add);
            }
        }
        return found;
    }

    private Response get(RawHttp http, String digest) throws IOException {
        Response answer = http.send("GET", String.valueOf(paths.get(digest)));
        answer.body();
        return answer;
    }
}
