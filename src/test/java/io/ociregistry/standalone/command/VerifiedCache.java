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

/** A cache with an index and both of its images, and one more image, that was filled by clients some time ago; and the command on it. */
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
            // Clients have all of a blob before the disk has.
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

    /** A configuration of it that lets nobody be asked. */
    Path airGapped() throws IOException {
        return configuration("airGapped: true\n");
    }

    /** A server on it. */
    RunningRegistry serve(String more) throws Exception {
        return RunningRegistry.start(yaml() + more, images);
    }

    /** Everything there is, by clients that compare it. */
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

    /** Nobody wrote to any of its files for an hour. */
    void age() throws IOException {
        touch(Instant.now().minus(Duration.ofHours(1)));
    }

    /** As if everything came just now. */
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

    /** How every file looks. */
    Map<Path, String> looks() throws IOException {
        Map<Path, String> looks = new TreeMap<>();
        for (Path file : files()) {
            looks.put(file, Files.size(file) + " " + Files.getLastModifiedTime(file));
        }
        return looks;
    }

    Path blob(Digest digest) {
        return images.resolve("blobs").resolve(digest.hex());
    }

    Path record(FakeImage image) {
        return images.resolve("img").resolve(image.digest().hex());
    }

    /** The exit code of the command with these options. */
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
