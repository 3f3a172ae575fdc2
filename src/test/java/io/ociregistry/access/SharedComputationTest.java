package io.ociregistry.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class SharedComputationTest {
    private final SharedComputation<String, String> joined = new SharedComputation<>();
    private final Queue<Runnable> queue = new ArrayDeque<>();

    @Test
    void concurrentCallsShareOneComputationAndLaterCallsStartAnew() {
        CompletableFuture<String> first = join("key", () -> "one");
        CompletableFuture<String> second = join("key", () -> "two");
        CompletableFuture<String> other = join("another", () -> "three");
        assertFalse(first.isDone() || second.isDone());
        runAll();
        assertEquals("one", first.join());
        assertEquals("one", second.join());
        assertEquals("three", other.join());
        CompletableFuture<String> third = join("key", () -> "four");
        runAll();
        assertEquals("four", third.join());
    }

    @Test
    void errorReachesAllCallersAndIsNotCached() {
        CompletableFuture<String> first = join("key", () -> {
            throw new StackOverflowError();
        });
        CompletableFuture<String> second = join("key", () -> "two");
        runAll();
        for (CompletableFuture<String> each : List.of(first, second)) {
            var failure = assertThrows(CompletionException.class, each::join);
            assertInstanceOf(StackOverflowError.class, failure.getCause());
        }
        CompletableFuture<String> third = join("key", () -> "three");
        runAll();
        assertEquals("three", third.join());
    }

    @Test
    void rejectedComputationIsForgotten() {
        assertFailsWith(RejectedExecutionException.class, new RejectedExecutionException());
        // The error of Java if it cannot start a thread.
        assertFailsWith(OutOfMemoryError.class, new OutOfMemoryError("unable to create native thread"));
        CompletableFuture<String> next = join("key", () -> "two");
        runAll();
        assertEquals("two", next.join());
    }

    private void assertFailsWith(Class<? extends Throwable> expected, Throwable thrown) {
        Executor full = work -> {
            if (thrown instanceof Error error) {
                throw error;
            }
            throw (RuntimeException) thrown;
        };
        CompletableFuture<String> failed = joined.join("key", () -> "one", full).toCompletableFuture();
        assertInstanceOf(
                expected, assertThrows(CompletionException.class, failed::join).getCause());
    }

    private CompletableFuture<String> join(String key, Supplier<String> work) {
        Executor later = queue::add;
        return joined.join(key, work, later).toCompletableFuture();
    }

    private void runAll() {
        while (!queue.isEmpty()) {
            queue.remove().run();
        }
    }
}
