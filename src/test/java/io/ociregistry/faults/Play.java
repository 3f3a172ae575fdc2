package io.ociregistry.faults;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;

/** Runs one cell: prepares, starts the failure, sends the request, checks, heals, and sends the request again. */
final class Play {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final Duration PAUSE = Duration.ofMillis(20);
    private static final Set<Integer> RETRIABLE = Set.of(429, 503, 504);

    private final Cell cell;
    private final Expected expected;
    private final Scene scene;
    private final Path store;
    private final Runnable timePasses;

    /** @param timePasses makes the cached content so old that tags and lists are revalidated */
    Play(Cell cell, Scene scene, Path store, Runnable timePasses) {
        this.cell = cell;
        this.expected = cell.expected();
        this.scene = scene;
        this.store = store;
        this.timePasses = timePasses;
    }

    void run() throws Exception {
        scene.prepare();
        if (cell.state() == State.CACHED) {
            // The client gets the last byte before the store commits the file.
            until("the cached content in the store", () -> scene.old().isIn(store));
            timePasses.run();
        }
        checkAnswer(cell.state() == State.AMID ? askAmid() : askInTrouble());
        checkRequests();
        checkStore(expected.keeps());
        if (expected.opensBreaker() && cell.state() != State.AMID) {
            until("an answer with \"is down\"", () -> reportsDown(scene.ask()));
            checkRequests();
        }
        scene.heal();
        timePasses.run();
        until("the right answer", () -> isRight(scene.ask()));
        checkStore(Expected.Keeps.RIGHT);
        if (expected.gets() == Expected.Gets.CACHED) {
            checkRequests();
            assertEquals(0, scene.connections(), "lookups of the upstream for a cache hit");
        }
    }

    private ReceivedAnswer askInTrouble() throws Exception {
        cell.trouble().start(scene);
        scene.forgetRequests();
        return scene.ask();
    }

    private ReceivedAnswer askAmid() throws Exception {
        scene.forgetRequests();
        return scene.askAmid();
    }

    private void checkAnswer(ReceivedAnswer answer) throws IOException {
        if (expected.gets() == Expected.Gets.CUT && !answer.complete()) {
            assertEquals(200, answer.status(), answer::toString);
            return;
        }
        assertEquals(expected.statusOfWhole(), answer.status(), answer::toString);
        assertTrue(answer.complete(), answer::toString);
        boolean stale = expected.gets() == Expected.Gets.STALE;
        assertEquals(stale, answer.warning().isPresent(), answer::toString);
        switch (expected.gets()) {
            case RIGHT -> assertTrue(scene.now().isBodyOf(answer), answer::toString);
            case CACHED, STALE -> assertTrue(scene.old().isBodyOf(answer), answer::toString);
            case NO_REFERRERS -> assertTrue(scene.none().isBodyOf(answer), answer::toString);
            case CUT, ERROR -> checkError(answer);
        }
    }

    private void checkError(ReceivedAnswer answer) {
        String text = answer.text();
        assertTrue(text.startsWith("{\"errors\":[{\"code\":\"" + expected.code() + "\""), text);
        assertEquals("application/json", answer.header("Content-Type"));
        boolean hasRetryAfter = answer.headers().has("Retry-After");
        assertTrue(hasRetryAfter || expected.opensBreaker() || !RETRIABLE.contains(answer.status()), answer::toString);
    }

    /** Waits for all requests, because some follow the answer to the client. */
    private void checkRequests() throws Exception {
        int count = expected.requests().size();
        until("all of " + expected.requests(), () -> scene.requests().size() >= count);
        assertEquals(expected.requests(), scene.requests(), "requests to the upstream");
    }

    private static boolean reportsDown(ReceivedAnswer answer) {
        String text = answer.warning().orElseGet(answer::text);
        return text.contains("is down");
    }

    private boolean isRight(ReceivedAnswer answer) throws IOException {
        return answer.status() == 200
                && !answer.warning().isPresent()
                && answer.complete()
                && scene.now().isBodyOf(answer);
    }

    /** Checks that committed content is still stored, and waits for content that arrived. */
    private void checkStore(Expected.Keeps keeps) throws Exception {
        switch (keeps) {
            case RIGHT ->
                until("the content of the upstream in the store", () -> scene.now()
                        .isIn(store));
            case NO_REFERRERS ->
                until("an empty index in the store", () -> scene.none().isIn(store));
            case CACHED -> {
                assertTrue(scene.old().isIn(store), "the cached content is not in the store any more");
                assertFalse(scene.hasChanged() && scene.now().isIn(store), "content of the upstream in the store");
            }
            case NOTHING, PART -> assertFalse(scene.now().isIn(store), "content of the upstream in the store");
        }
        boolean part = keeps == Expected.Keeps.PART;
        until(part ? "a partial file" : "no partial file", () -> scene.now().isPartlyIn(store) == part);
    }

    static void until(String what, Callable<Boolean> condition) throws Exception {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.call()) {
            assertTrue(System.nanoTime() - end < 0, "not within " + PATIENCE.toSeconds() + " s: " + what);
            LockSupport.parkNanos(PAUSE.toNanos());
        }
    }
}
