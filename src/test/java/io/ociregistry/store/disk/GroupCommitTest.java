package io.ociregistry.store.disk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class GroupCommitTest {
    private final ExecutorService callers = Executors.newCachedThreadPool();
    private final AtomicInteger runs = new AtomicInteger();

    @AfterEach
    void stop() {
        callers.shutdownNow();
    }

    @Test
    void eachSingleCallRunsTheAction() throws Exception {
        GroupCommit commit = new GroupCommit(runs::incrementAndGet);
        commit.await();
        commit.await();
        assertEquals(2, runs.get());
    }

    @Test
    void callsDuringARunShareTheNextRun() throws Exception {
        CountDownLatch firstRuns = new CountDownLatch(1);
        CountDownLatch mayEnd = new CountDownLatch(1);
        GroupCommit commit = new GroupCommit(() -> {
            if (runs.incrementAndGet() == 1) {
                firstRuns.countDown();
                await(mayEnd);
            }
        });
        List<Future<?>> calls = new ArrayList<>(List.of(call(commit)));
        firstRuns.await();
        for (int i = 0; i < 10; i++) {
            calls.add(call(commit));
        }
        while (commit.calls() < 11) {
            Thread.onSpinWait();
        }
        mayEnd.countDown();
        for (Future<?> call : calls) {
            call.get();
        }
        assertEquals(2, runs.get());
    }

    @Test
    void failureReachesOnlyTheCallerThatRan() throws Exception {
        GroupCommit commit = new GroupCommit(() -> {
            if (runs.incrementAndGet() == 1) {
                throw new IOException("the disk is full");
            }
        });
        assertThrows(IOException.class, commit::await);
        commit.await();
        assertEquals(2, runs.get());
    }

    private Future<?> call(GroupCommit commit) {
        return callers.submit(() -> {
            commit.await();
            return null;
        });
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
