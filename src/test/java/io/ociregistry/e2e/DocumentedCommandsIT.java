package io.ociregistry.e2e;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Runs the documented commands in a shell, with a real registry as {@code registry.k8s.io}. */
@Timeout(300)
@ExtendWith(ShowsLogs.class)
class DocumentedCommandsIT {
    private static final String REPOSITORY = "pause";

    @TempDir
    static Path shared;

    private static AppImage image;

    @TempDir
    Path directory;

    private Path work;

    @BeforeAll
    static void pushImage() {
        Peers.require("skopeo", "curl", "jq");
        image = AppImage.build(shared, 1 << 16);
        try (var upstream = upstream()) {
            image.push(upstream, REPOSITORY, "3.8");
        }
    }

    private static DockerRegistry upstream() {
        return DockerRegistry.start(shared.resolve("registry"));
    }

    @BeforeEach
    void writeList() throws Exception {
        work = Files.createDirectories(directory.resolve("work"));
        Files.writeString(work.resolve("images.txt"), "# ours\nregistry.k8s.io/pause:3.8\n");
    }

    private Configuration configuration(DockerRegistry upstream) {
        return Configuration.in(directory, """
            - name: registry.k8s.io
              endpoint: %s
              tls:
                ca: '%s'
              auth:
                user: %s
                password: %s
            """.formatted(
                        upstream.url(), upstream.authority(), DockerRegistry.USER, DockerRegistry.PASSWORD));
    }

    @Test
    void quickStartOfReadmePullsAndServesOffline() throws Exception {
        List<String> blocks = DocumentedCommands.of(Path.of("README.md"));
        assertEquals(4, blocks.size(), blocks.toString());
        Configuration configuration;
        try (var upstream = upstream()) {
            configuration = configuration(upstream);
            try (var commands = new DocumentedCommands(work, configuration)) {
                blocks.forEach(commands::run);
            }
        }
        assertTrue(Files.isDirectory(configuration.imagePath().resolve("blobs")));

        Files.move(work.resolve("tmp/pause"), work.resolve("tmp/first"));
        try (var commands = new DocumentedCommands(work, configuration)) {
            commands.run(blocks.get(3));
            blocks.subList(1, 3).forEach(commands::run);
        }
        assertTrue(Files.isDirectory(work.resolve("tmp/pause/blobs")));
    }

    @Test
    void commandsForPreloadSucceed() throws Exception {
        Configuration configuration;
        try (var upstream = upstream()) {
            configuration = configuration(upstream);
            try (var commands = new DocumentedCommands(work, configuration)) {
                runAll(commands, "docs/preload.md");
            }
        }
        assertTrue(Files.exists(configuration
                .imagePath()
                .resolve("blobs")
                .resolve(image.digests("amd64").get(2).substring("sha256:".length()))));
    }

    @Test
    void commandsForUpgradeFromGoSucceed() throws Exception {
        try (var upstream = upstream();
                var commands = new DocumentedCommands(work, configuration(upstream))) {
            commands.run("java -jar ociregistry.jar load --image-file images.txt");
            runAll(commands, "docs/upgrade-from-go.md");
        }
    }

    @Test
    void commandsForCacheSucceed() throws Exception {
        try (var upstream = upstream();
                var commands = new DocumentedCommands(work, configuration(upstream))) {
            commands.run("java -jar ociregistry.jar load --image-file images.txt");
            runAll(commands, "docs/cache.md");
        }
        assertTrue(Files.readString(work.resolve("have.txt")).contains(image.index()));
    }

    private static void runAll(DocumentedCommands commands, String page) throws Exception {
        List<String> blocks = DocumentedCommands.of(Path.of(page));
        assertFalse(blocks.isEmpty(), page);
        blocks.forEach(commands::run);
    }
}
