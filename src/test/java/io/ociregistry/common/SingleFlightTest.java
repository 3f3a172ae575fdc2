package io.ociregistry.common;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class SingleFlightTest {
    private final SingleFlight<String, Integer> flights = new SingleFlight<>();
    private final AtomicInteger runs = new AtomicInteger();
    private final ExecutorService executor = Executors.newCachedThreadPool();

    @AfterEach
    void stop() {
        executor.shutdownNow();
    }

    @Test
    void hundredConcurrentCallersShareOneRun() throws Exception {
        CountDownLatch ready = new CountDownLatch(100);
        CountDownLatch joined = new CountDownLatch(100);
        List<Future<Integer>> answers = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            answers.add(executor.submit(() -> {
                ready.countDown();
                ready.await();
                CompletionStage<Integer> stage = flights.join("key", executor, () -> {
                    awaitUninterrupted(joined);
                    return runs.incrementAndGet();
                });
                joined.countDown();
                return stage.toCompletableFuture().get(20, TimeUnit.SECONDS);
            }));
        }
        for (Future<Integer> answer : answers) {
            assertEquals(1, answer.get());
        }
        assertEquals(1, runs.get());
    }

    @Test
    void laterCallerRunsTheWorkAgain() {
        assertEquals(1, value(flights.join("key", Runnable::run, runs::incrementAndGet)));
        assertEquals(2, value(flights.join("key", Runnable::run, runs::incrementAndGet)));
    }

    @Test
    void keysAreIndependent() {
        CompletableFuture<Integer> other = new CompletableFuture<>();
        flights.join("a", Runnable::run, () -> {
            other.complete(value(flights.join("b", Runnable::run, () -> 7)));
            return 1;
        });
        assertEquals(7, other.join());
    }

    @Test
    void retryAfterAFailureStartsANewFlight() {
        RegistryException failure = new RegistryException(ErrorCode.UPSTREAM_UNREACHABLE, "no");
        List<Runnable> queue = new ArrayList<>();
        // Ignores work that is submitted again, as an executor without priorities may.
        Executor line = work -> {
            if (!queue.contains(work)) {
                queue.add(work);
            }
        };
        List<Throwable> failures = new ArrayList<>();
        List<CompletionStage<Integer>> retries = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            flights.join("key", line, () -> {
                        throw failure;
                    })
                    .whenComplete((value, e) -> {
                        failures.add(e);
                        retries.add(flights.join("key", line, runs::incrementAndGet));
                    });
        }
        assertEquals(1, queue.size());
        queue.remove(0).run();
        assertEquals(List.of(failure, failure, failure), failures);
        assertEquals(1, queue.size(), "the retries joined one new flight, not the failed one");
        queue.remove(0).run();
        retries.forEach(retry -> assertEquals(1, value(retry)));
    }

    @Test
    void errorReachesAllCallersAndIsNotCached() {
        List<Runnable> queue = new ArrayList<>();
        CompletionStage<Integer> first = flights.join("key", queue::add, () -> {
            throw new StackOverflowError();
        });
        CompletionStage<Integer> second = flights.join("key", queue::add, () -> 2);
        queue.forEach(Runnable::run);
        assertInstanceOf(StackOverflowError.class, failure(first));
        assertInstanceOf(StackOverflowError.class, failure(second));
        assertThrows(
                StackOverflowError.class,
                () -> flights.run("key", () -> {
                    throw new StackOverflowError();
                }));
        assertEquals(5, value(flights.join("key", Runnable::run, () -> 5)));
    }

    @Test
    void failureOfTheExecutorFailsTheOutcomeAndIsForgotten() {
        RegistryException full = new RegistryException(ErrorCode.OVERLOADED, "too many password checks");
        // The error of Java if it cannot start a thread.
        OutOfMemoryError noThread = new OutOfMemoryError("unable to create native thread");
        assertSame(
                full,
                failure(flights.join(
                        "key",
                        task -> {
                            throw full;
                        },
                        runs::incrementAndGet)));
        assertSame(
                noThread,
                failure(flights.join(
                        "key",
                        task -> {
                            throw noThread;
                        },
                        runs::incrementAndGet)));
        assertEquals(1, flights.run("key", runs::incrementAndGet));
    }

    @Test
    void executorThatHasTheWorkDoesNotGetItAgain() {
        List<Runnable> queue = new ArrayList<>();
        List<Runnable> urgent = new ArrayList<>();
        Executor first = queue::add;
        Executor second = urgent::add;
        for (int i = 0; i < 3; i++) {
            flights.join("key", first, runs::incrementAndGet);
        }
        flights.join("key", second, runs::incrementAndGet);
        assertEquals(1, queue.size());
        assertEquals(1, urgent.size());
        urgent.get(0).run();
        queue.get(0).run();
        assertEquals(1, runs.get());
    }

    @Test
    void callerOnItsOwnThreadWaitsForTheFlightOfAnotherThread() throws Exception {
        CountDownLatch started = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        RegistryException failure = new RegistryException(ErrorCode.DENIED, "no");
        Future<Integer> first = executor.submit(() -> flights.run("key", () -> {
            started.countDown();
            awaitUninterrupted(go);
            throw failure;
        }));
        awaitUninterrupted(started);
        CompletionStage<Integer> joined = flights.join("key", Runnable::run, () -> 7);
        Future<Integer> second = executor.submit(() -> flights.run("key", () -> 7));
        go.countDown();
        assertSame(failure, failure(joined));
        assertSame(failure, assertThrows(ExecutionException.class, first::get).getCause());
        // It joined the flight, or came after its end and ran its own work.
        try {
            assertEquals(7, second.get());
        } catch (ExecutionException e) {
            assertSame(failure, e.getCause());
        }
    }

    @Test
    void lateCallerDoesNotWaitForAnOverdueFlight() throws Exception {
        List<Runnable> queue = new ArrayList<>();
        Executor line = queue::add;
        assertThrows(TimeoutException.class, () -> flights.await("key", line, () -> 3, Duration.ZERO));
        assertThrows(TimeoutException.class, () -> flights.await("key", line, () -> 4, Duration.ofNanos(1)));
        queue.remove(0).run();
        assertEquals(5, flights.await("key", Runnable::run, () -> 5, Duration.ofSeconds(20)));
        assertEquals(0, queue.size());
    }

    @Test
    void fullExecutorFailsAsOverloaded() {
        RegistryException refused = (RegistryException) failure(flights.join(
                "key",
                task -> {
                    throw new RejectedExecutionException();
                },
                runs::incrementAndGet));
        assertSame(ErrorCode.OVERLOADED, refused.code());
        assertTrue(refused.getMessage().contains("key"));
        assertEquals(
                1,
                value(flights.join("key", Runnable::run, runs::incrementAndGet)),
                "a rejected flight does not block later ones");
    }

    private static void awaitUninterrupted(CountDownLatch latch) {
        try {
            assertTrue(latch.await(20, TimeUnit.SECONDS));
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static int value(CompletionStage<Integer> stage) {
        return stage.toCompletableFuture().getNow(-1);
    }

    private static Throwable failure(CompletionStage<Integer> stage) {
        return assertThrows(CompletionException.class, () -> stage.toCompletableFuture()
                        .join())
                .getCause();
    }
}
