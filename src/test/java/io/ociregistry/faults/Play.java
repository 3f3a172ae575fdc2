package io.ociregistry.faults;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.testing.RawHttp.Response;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;

/** Plays one cell: prepares, begins the trouble, asks, looks, heals, and asks again. */
final class Play {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final Duration PAUSE = Duration.ofMillis(20);

    private final Cell cell;
    private final Expected expected;
    private final Scene scene;
    private final Path store;

    Play(Cell cell, Scene scene, Path store) {
        this.cell = cell;
        this.expected = cell.expected();
        this.scene = scene;
        this.store = store;
    }

    void run() throws Exception {
        scene.prepare();
        cell.trouble().begin(scene);
        scene.forgetRequests();
        check(scene.ask());
        until(
                "these requests: " + expected.requests(),
                () -> scene.requests().size() >= expected.requests().size());
        assertEquals(expected.requests(), scene.requests(), "what the upstream was asked");
        checkStore(expected.keeps());
        if (expected.opensBreaker()) {
            until("an answer without asking", () -> isKnownToBeDown(scene.ask()));
            assertEquals(expected.requests(), scene.requests(), "what an upstream that is down was asked");
        }
        scene.heal();
        until("the right answer", () -> isRight(scene.ask()));
        checkStore(Expected.Keeps.RIGHT);
    }

    private void check(Response answer) throws IOException {
        assertEquals(expected.status(), answer.status(), answer::toString);
        boolean stale = expected.gets() == Expected.Gets.STALE;
        assertEquals(stale, answer.headers().has("Warning"), answer::toString);
        switch (expected.gets()) {
            case RIGHT -> checkBody(answer, scene.right(), scene.rightDigest());
            case CACHED, STALE -> checkBody(answer, scene.cached(), scene.cachedDigest());
            case CUT -> assertFalse(answer.complete(), "a wrong body may not end as if it were whole");
            case ERROR -> checkError(answer);
        }
    }

    private static void checkBody(Response answer, byte[] bytes, Digest digest) throws IOException {
        assertArrayEquals(bytes, answer.body());
        assertTrue(answer.complete());
        assertEquals(digest.toString(), answer.header("Docker-Content-Digest"));
    }

    private void checkError(Response answer) throws IOException {
        assertTrue(answer.text().contains("\"code\":\"" + expected.code() + "\""), answer::toString);
        assertTrue(answer.complete());
        assertEquals("application/json", answer.header("Content-Type"));
        boolean retry = List.of(429, 503, 504).contains(answer.status()) && !expected.opensBreaker();
        assertTrue(!retry || answer.headers().has("Retry-After"), answer::toString);
    }

    private static boolean isKnownToBeDown(Response answer) throws IOException {
        String told = answer.headers().has("Warning") ? answer.header("Warning") : answer.text();
        return told.contains("is down");
    }

    private boolean isRight(Response answer) throws IOException {
        return answer.status() == 200
                && !answer.headers().has("Warning")
                && answer.complete()
                && Arrays.equals(scene.right(), answer.body());
    }

    private void checkStore(Expected.Keeps keeps) throws Exception {
        boolean moved = !scene.rightDigest().equals(scene.cachedDigest());
        boolean right = keeps == Expected.Keeps.RIGHT || (keeps == Expected.Keeps.CACHED && !moved);
        until(keeps + " in the store", () -> isStored(scene.rightDigest()) == right && !isPartial(scene.rightDigest()));
        if (cell.state() == State.CACHED) {
            assertTrue(isStored(scene.cachedDigest()), "what was committed is still there");
        }
    }

    private boolean isStored(Digest digest) {
        String directory = cell.asked() == Asked.BLOB ? "blobs" : "img";
        return Files.isRegularFile(store.resolve(directory).resolve(digest.hex()));
    }

    private boolean isPartial(Digest digest) throws IOException {
        try (var files = Files.list(store.resolve("partial"))) {
            return files.anyMatch(file -> file.getFileName().toString().startsWith(digest.hex()));
        }
    }

    private static void until(String what, Callable<Boolean> condition) throws Exception {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.call()) {
            assertTrue(System.nanoTime() - end < 0, "not within " + PATIENCE.toSeconds() + " s: " + what);
            LockSupport.parkNanos(PAUSE.toNanos());
        }
    }
}
