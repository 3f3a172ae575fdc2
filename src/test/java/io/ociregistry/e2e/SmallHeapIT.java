package io.ociregistry.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.testing.Content;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Match;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Tests a server with a heap of 64 MB and twenty clients that read a larger blob, while it arrives and again from disk.
 * Two clients check the digest; the others check only the status and the length, which is fast.
 *
 * <p>The blob has 256 MiB; the environment variable OCIREGISTRY_BLOB_MIB sets another size; the documented limit is for
 * 2048.
 */
@Timeout(900)
@ExtendWith(ShowsLogs.class)
class SmallHeapIT {
    private static final long SIZE = Long.parseLong(System.getenv().getOrDefault("OCIREGISTRY_BLOB_MIB", "256")) << 20;
    private static final int CLIENTS = 20;
    private static final int CHECKING = 2;

    @TempDir
    Path directory;

    @Test
    void heapOf64MegabytesServesTwentyClientsColdAndWarm() throws Exception {
        try (FakeUpstream upstream = FakeUpstream.start()) {
            Digest digest = upstream.blob("team/model", Content.random(1, SIZE));
            var configuration = Configuration.in(directory, "- name: r.example\n  endpoint: " + upstream.url() + "\n");
            Path collections = directory.resolve("gc.log");
            var options = "JAVA_TOOL_OPTIONS=-Xmx64m -Xlog:gc:file=" + collections;
            try (FatJar server = FatJar.startUntuned(configuration, List.of("env", options))) {
                URI blob = URI.create(server.url() + "/v2/team/model/blobs/" + digest + "?ns=r.example");
                long cold = pull(blob, digest);
                assertEquals(1, upstream.requests(Match.blob(digest).get()).size());
                long warm = pull(blob, digest);
                assertEquals(1, upstream.requests(Match.blob(digest).get()).size());

                Measured.by(
                        SmallHeapIT.class,
                        "%d clients of %d MiB: cold %d ms, warm %d ms, heap %d MB at most, %s",
                        CLIENTS,
                        SIZE >> 20,
                        cold,
                        warm,
                        peakHeap(collections),
                        peakMemory(server));
                assertEquals(0, server.terminate());
                assertTrue(server.log().stream().noneMatch(line -> line.contains("OutOfMemoryError")));
            }
        }
    }

    /** Returns the duration in milliseconds. */
    private static long pull(URI blob, Digest digest) throws Exception {
        long before = System.nanoTime();
        ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
        List<Future<Long>> lengths = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
            Optional<MessageDigest> hash =
                    i < CHECKING ? Optional.of(digest.algorithm().newHash()) : Optional.empty();
            Callable<Long> client = () -> {
                long length = read(blob, hash);
                hash.ifPresent(all -> assertEquals(digest, Digest.finish(digest.algorithm(), all)));
                return length;
            };
            lengths.add(clients.submit(client));
        }
        clients.shutdown();
        for (Future<Long> length : lengths) {
            assertEquals(SIZE, length.get());
        }
        return (System.nanoTime() - before) / 1_000_000;
    }

    private static long read(URI blob, Optional<MessageDigest> hash) throws IOException {
        HttpURLConnection connection = (HttpURLConnection) blob.toURL().openConnection();
        assertEquals(200, connection.getResponseCode());
        assertEquals(SIZE, connection.getContentLengthLong());
        byte[] buffer = new byte[1 << 16];
        long length = 0;
        try (var body = connection.getInputStream()) {
            for (int count = body.read(buffer); count >= 0; count = body.read(buffer)) {
                length += count;
                if (hash.isPresent()) {
                    hash.get().update(buffer, 0, count);
                }
            }
        }
        return length;
    }

    /**
     * Returns the largest heap use before a collection, from lines such as "Pause Young (Normal) (G1 Evacuation Pause)
     * 38M->6M(64M)".
     */
    private static int peakHeap(Path collections) throws IOException {
        return Files.readAllLines(collections).stream()
                .filter(line -> line.contains("M->"))
                .map(line -> line.replaceFirst(".* ([0-9]+)M->.*", "$1"))
                .mapToInt(Integer::parseInt)
                .max()
                .orElse(0);
    }

    /** Returns the peak memory of the process, with code, stacks and buffers. */
    private static String peakMemory(FatJar server) throws IOException {
        return Files.readAllLines(Path.of("/proc", Long.toString(server.pid()), "status")).stream()
                .filter(line -> line.startsWith("VmHWM"))
                .map(line -> line.replaceAll("\\s+", " "))
                .findFirst()
                .orElse("VmHWM: unknown");
    }
}
