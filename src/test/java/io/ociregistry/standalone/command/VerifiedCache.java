package io.ociregistry.standalone.command;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ociregistry.oci.Digest;
import io.ociregistry.standalone.Main;
import io.ociregistry.testing.Await;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeIndex;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RunningRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A cache that clients filled an hour ago, with an index of two images and another image, and the command on it. */
final class VerifiedCache implements AutoCloseable {
    final FakeUpstream upstream = FakeUpstream.start();
    final FakeImage amd = upstream.image("team/app", "amd").layer(300_000).push();
    final FakeImage arm = upstream.image("team/app", "arm")
            .architecture("arm64")
            .layer(200_000)
            .push();
    final FakeImage tool = upstream.image("team/tool", "1").layer(100_000).push();
    final FakeIndex index = upstream.index("team/app", "all", amd, arm);
    final Path images;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final Path config;

    VerifiedCache(Path dir) throws Exception {
        images = dir.resolve("images");
        config = configuration("");
        try (RunningRegistry server = serve("")) {
            pull(server);
            // A client gets the last byte of a blob before the blob is published.
            Await.until("all blobs are kept", () -> count("blobs") == 6 && count("partial") == 0);
        }
        age();
    }

    private long count(String directory) throws IOException {
        try (var files = Files.list(images.resolve(directory))) {
            return files.count();
        }
    }

    private String yaml() {
        return "prefetch: false\nregistries:\n- name: r.example\n  endpoint: " + upstream.url() + "\n";
    }

    private Path configuration(String more) throws IOException {
        return Files.writeString(
                images.resolveSibling("verify" + more.length() + ".yaml"),
                "imagePath: " + images + "\npullTimeout: 300\n" + yaml() + more);
    }

    /** A configuration of the cache without upstreams. */
    Path airGapped() throws IOException {
        return configuration("airGapped: true\n");
    }

    /** Starts a server on the cache. */
    RunningRegistry serve(String more) throws Exception {
        return RunningRegistry.start(yaml() + more, images);
    }

    /** Pulls all content, and compares it with the upstream's. */
    void pull(RunningRegistry server) throws IOException {
        assertArrayEquals(index.bytes(), get(server, "team/app/manifests/all"));
        for (FakeImage image : List.of(amd, arm)) {
            assertArrayEquals(image.manifest(), get(server, "team/app/manifests/" + image.digest()));
            pullBlobs(server, image);
        }
        assertArrayEquals(tool.manifest(), get(server, "team/tool/manifests/1"));
        pullBlobs(server, tool);
    }

    private static void pullBlobs(RunningRegistry server, FakeImage image) throws IOException {
        List<FakeImage.Blob> blobs = new ArrayList<>(image.layers());
        blobs.add(image.config());
        for (FakeImage.Blob blob : blobs) {
            assertArrayEquals(blob.content().bytes(), get(server, image.repository() + "/blobs/" + blob.digest()));
        }
    }

    private static byte[] get(RunningRegistry server, String path) throws IOException {
        RawHttp.Response answer = RawHttp.get(server.base(), "/v2/" + path + "?ns=r.example");
        assertEquals(200, answer.status(), path);
        return answer.body();
    }

    /** Sets the times of all files to an hour ago. */
    void age() throws IOException {
        touch(Instant.now().minus(Duration.ofHours(1)));
    }

    /** Sets the times of all files to now. */
    void renew() throws IOException {
        touch(Instant.now());
    }

    private void touch(Instant time) throws IOException {
        for (Path file : files()) {
            Files.setLastModifiedTime(file, FileTime.from(time));
        }
    }

    private List<Path> files() throws IOException {
        try (var files = Files.walk(images)) {
            return files.filter(Files::isRegularFile).toList();
        }
    }

    /** The size and time of every file. */
    Map<Path, String> fileStamps() throws IOException {
        Map<Path, String> stamps = new TreeMap<>();
        for (Path file : files()) {
            stamps.put(file, Files.size(file) + " " + Files.getLastModifiedTime(file));
        }
        return stamps;
    }

    Path blob(Digest digest) {
        return images.resolve("blobs").resolve(digest.hex());
    }

    Path record(FakeImage image) {
        return images.resolve("img").resolve(image.digest().hex());
    }

    /** Runs the command with these options, and returns its exit code. */
    int verify(String... options) {
        out.reset();
        err.reset();
        List<String> args = new ArrayList<>(List.of("verify"));
        args.addAll(List.of(options));
        if (!args.contains("--config-file")) {
            args.addAll(List.of("--config-file", config.toString()));
        }
        return Main.run(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                args.toArray(String[]::new));
    }

    List<String> lines() {
        return out.toString(StandardCharsets.UTF_8).lines().toList();
    }

    String errors() {
        return err.toString(StandardCharsets.UTF_8);
    }

    @Override
    public void close() {
        upstream.close();
    }
}
