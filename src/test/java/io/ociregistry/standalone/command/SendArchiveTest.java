package io.ociregistry.standalone.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.standalone.Main;
import io.ociregistry.testing.CuttingRelay;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RunningRegistry;
import io.ociregistry.testing.TestArchive;
import io.ociregistry.testing.TestArchive.Image;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** {@code load --server} with archives, and {@code load} with pipes. */
@Timeout(60)
class SendArchiveTest {
    private static final String NAME = "quay.io/team/app:1.0";

    @TempDir
    Path dir;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();
    private final TestArchive made = new TestArchive();
    private RunningRegistry registry;
    private Image image;

    @BeforeEach
    void start() throws Exception {
        registry = RunningRegistry.start("airGapped: true\n", images());
        image = made.image("amd64", TestArchive.random(1, 3_000_000));
        made.list(image, TestArchive.FULL_NAME, NAME).layout();
    }

    @AfterEach
    void stop() {
        registry.close();
    }

    @Test
    void serverLoadsArchiveOfCommand() throws Exception {
        assertEquals(0, load(registry.base().toString(), tar(), "--platform", "all"), this::errors);
        assertTrue(output().contains("loaded " + NAME + ": 3.0 MB in "), output());
        assertTrue(output().contains("1 loaded, 0 already there, 0 failed; 3.0 MB in "), output());
        assertServed();
    }

    @Test
    void brokenConnectionsAreResumed() throws Exception {
        try (CuttingRelay relay = CuttingRelay.to(registry.base())) {
            relay.cutAfter(1_000_000);
            relay.cutAfter(1_000_001);
            assertEquals(0, load(relay.url(), tar(), "--platform", "all"), this::errors);
            assertEquals(0, relay.cutsLeft());
            assertTrue(relay.relayed() < 4_000_000, () -> "sent " + relay.relayed());
        }
        assertServed();
    }

    @Test
    void listAndArchivesAreOneLoad() throws Exception {
        Path broken = Files.write(
                dir.resolve("broken.tar"),
                new TestArchive().file("a", new byte[10]).tar(TestArchive.Packing.PLAIN));
        Path list = Files.writeString(dir.resolve("list"), "r.example/none:1\n");
        assertEquals(1, load(registry.base().toString(), list + "," + tar() + "," + broken, "--platform", "all"));
        assertTrue(output().contains("1 loaded, 0 already there, 2 failed; "), output());
        assertTrue(errors().contains("not loaded: " + broken + ": archive " + broken + ": it has neither"), errors());
    }

    @Test
    void layoutInDirectoryIsRefusedWithRemedy() throws Exception {
        Path layout = made.directory(dir.resolve("layout"));
        assertEquals(1, load(registry.base().toString(), layout.toString()));
        assertTrue(errors().contains("send a tar: tar -cf images.tar -C " + layout + " ."), errors());
    }

    @Test
    void unreachableServerFailsAtOnce() throws Exception {
        assertEquals(1, load("http://127.0.0.1:1", tar()));
        assertTrue(errors().contains("cannot reach the server at http://127.0.0.1:1"), errors());
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void pipeIsLoaded() throws Exception {
        registry.close();
        byte[] tar = made.tar(TestArchive.Packing.GZIP);
        for (int i = 0; i < 2; i++) {
            Path pipe = dir.resolve("pipe" + i);
            assertEquals(
                    0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
            byte[] content = i == 0 ? tar : "no name\n".getBytes(StandardCharsets.UTF_8);
            CompletableFuture<Void> writer = CompletableFuture.runAsync(() -> write(pipe, content));
            int code = run(
                    "load", "--image-file", pipe.toString(), "--platform", "all", "--image-path", images().toString());
            writer.get(20, TimeUnit.SECONDS);
            assertEquals(i, code, this::errors);
        }
        assertTrue(output().contains("loaded " + NAME), output());
        assertTrue(errors().contains("not loaded: " + dir.resolve("pipe1") + ":1: "), errors());
        registry = RunningRegistry.start("airGapped: true\n", images());
        assertServed();
    }

    private static void write(Path pipe, byte[] content) {
        try {
            Files.write(pipe, content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void assertServed() throws Exception {
        byte[] manifest = RawHttp.get(registry.base(), "/v2/team/app/manifests/1.0?ns=quay.io")
                .body();
        assertEquals(image.digest(), Digest.of(manifest));
    }

    private int load(String server, String files, String... more) {
        String[] all = Stream.concat(
                        Stream.of(
                                "load", "--image-file", files, "--server", server, "--image-path", images().toString()),
                        Stream.of(more))
                .toArray(String[]::new);
        return run(all);
    }

    private String tar() throws Exception {
        return made.tar(dir.resolve("images.tar")).toString();
    }

    private Path images() {
        return dir.resolve("images");
    }

    private String output() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private String errors() {
        return err.toString(StandardCharsets.UTF_8);
    }

    private int run(String... args) {
        return Main.run(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                args);
    }
}
