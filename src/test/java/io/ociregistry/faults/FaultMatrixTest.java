package io.ociregistry.faults;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every cell of the matrix. They are played side by side from the start, since most of them wait most of the time. */
@Timeout(120)
class FaultMatrixTest {
    private static final int AT_A_TIME = 6;
    private static final List<Cell> CELLS = FaultMatrix.complete().cells();

    private static final Map<Cell, Future<?>> OUTCOMES = new HashMap<>();
    private static final ExecutorService PLAYERS = Executors.newFixedThreadPool(AT_A_TIME);

    @TempDir
    static Path directory;

    private static Stage stage;

    @BeforeAll
    static void playAll() throws Exception {
        stage = new Stage(CELLS, directory);
        CELLS.forEach(cell -> OUTCOMES.put(cell, PLAYERS.submit(() -> {
            try (Scene scene = stage.scene(cell)) {
                new Play(cell, scene, stage.imagePath()).run();
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
    void cell(Cell cell) throws Throwable {
        try {
            OUTCOMES.get(cell).get();
        } catch (ExecutionException e) {
            throw e.getCause();
        }
    }
}
