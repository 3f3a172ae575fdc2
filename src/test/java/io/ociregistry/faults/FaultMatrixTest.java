package io.ociregistry.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ociregistry.oci.Digest;
import io.ociregistry.store.disk.Layout;
import io.ociregistry.store.manifest.DiskManifestStore;
import io.ociregistry.testing.Records;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Checks every cell of the matrix. The cells run in parallel, because most of them wait most of the time. */
@Timeout(120)
class FaultMatrixTest {
    private static final int AT_A_TIME = 6;
    private static final Path PAGE = Path.of("docs/fault-matrix.md");
    private static final List<Cell> CELLS = FaultMatrix.complete().cells();

    private static final Map<Cell, Future<?>> OUTCOMES = new HashMap<>();
    private static final ExecutorService PLAYERS = Executors.newFixedThreadPool(AT_A_TIME);

    @TempDir
    static Path directory;

    private static Stage stage;

    @BeforeAll
    static void playAllCells() throws Exception {
        stage = new Stage(CELLS, directory);
        CELLS.forEach(cell -> OUTCOMES.put(cell, PLAYERS.submit(() -> {
            try (Scene scene = stage.scene(cell)) {
                new Play(cell, scene, stage.imagePath(), stage::timePasses).run();
            }
            return null;
        })));
    }

    @AfterAll
    static void close() {
        PLAYERS.shutdownNow();
        stage.close();
    }

    static List<Cell> cells() {
        return CELLS;
    }

    @ParameterizedTest
    @MethodSource("cells")
    void cell(Cell cell) throws InterruptedException {
        try {
            OUTCOMES.get(cell).get();
        } catch (ExecutionException e) {
            throw new AssertionError(cell + ": " + e.getCause().getMessage(), e.getCause());
        }
    }

    @Test
    void everyStoredFileMatchesItsDigest() throws Exception {
        for (Future<?> played : OUTCOMES.values()) {
            awaitEnd(played);
        }
        try (var files = Files.list(stage.imagePath().resolve("blobs"))) {
            for (Path file : files.toList()) {
                Digest actual = Digest.of(Files.readAllBytes(file));
                assertEquals(file.getFileName().toString(), actual.hex());
            }
        }
        DiskManifestStore records = Records.in(new Layout(stage.imagePath()));
        Set<String> readable = new HashSet<>();
        records.forEach(record -> readable.add(record.manifest().digest().hex()));
        try (var files = Files.list(stage.imagePath().resolve("img"))) {
            assertEquals(
                    readable, files.map(file -> file.getFileName().toString()).collect(Collectors.toSet()));
        }
    }

    @Test
    void pageListsAssertedOutcomes() throws IOException {
        String text = new FaultMatrixPage(CELLS).text();
        if (Boolean.getBoolean("fault-matrix.write")) {
            Files.writeString(PAGE, text);
        }
        assertEquals(
                text,
                Files.exists(PAGE) ? Files.readString(PAGE) : "",
                PAGE + " is out of date; mvn test -Dtest=FaultMatrixTest -Dfault-matrix.write=true writes it");
    }

    private static void awaitEnd(Future<?> played) throws InterruptedException {
        try {
            played.get();
        } catch (ExecutionException failed) {
            // The test of the cell reports the failure.
        }
    }
}
