package io.ociregistry.upstream.work;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.upstream.Priority;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class PriorityThreadsTest {
    private static final int CAPACITY = 3;

    private final PriorityThreads threads = new PriorityThreads("test-", 1, CAPACITY);
    private final BlockingQueue<String> ran = new LinkedBlockingQueue<>();
    private final CountDownLatch busy = new CountDownLatch(1);
    private final CountDownLatch go = new CountDownLatch(1);
    private Runnable first;

    @BeforeEach
    void occupyTheOnlyThread() {
        first = this::waitForGo;
        threads.withPriority(Priority.PREFETCH).execute(first);
        await(busy);
    }

    private void waitForGo() {
        busy.countDown();
        await(go);
        ran.add("first was for " + PriorityThreads.currentPriority());
    }

    @AfterEach
    void stop() {
        go.countDown();
        threads.shutdown();
        threads.terminate(Duration.ofSeconds(20));
    }

    @Test
    void mostUrgentRunsFirstInOrderOfSubmission() throws Exception {
        add("prefetch 1", Priority.PREFETCH);
        add("refresh 1", Priority.REFRESH);
        add("client 1", Priority.CLIENT);
        add("prefetch 2", Priority.PREFETCH);
        add("client 2", Priority.CLIENT);
        add("refresh 2", Priority.REFRESH);
        assertEquals(
                List.of("client 1", "client 2", "refresh 1", "refresh 2", "prefetch 1", "prefetch 2"), afterFirst(6));
    }

    @Test
    void resubmittedTaskMovesUpAndRunsOnce() throws Exception {
        add("prefetch 1", Priority.PREFETCH);
        Runnable wanted = add("prefetch 2", Priority.PREFETCH);
        add("client", Priority.CLIENT);
        threads.withPriority(Priority.CLIENT).execute(wanted);
        threads.withPriority(Priority.REFRESH).execute(wanted);
        add("last", Priority.PREFETCH);
        assertEquals(List.of("client", "prefetch 2", "prefetch 1", "last"), afterFirst(4));
    }

    @Test
    void resubmissionRaisesPriorityOfRunningTask() throws Exception {
        threads.withPriority(Priority.CLIENT).execute(first);
        go.countDown();
        assertEquals("first was for CLIENT", ran.poll(20, TimeUnit.SECONDS));
        assertEquals(
                Priority.CLIENT,
                PriorityThreads.currentPriority(),
                "threads of other pools have the priority of a client");
    }

    @Test
    void fullQueueRejectsAndLeavesOtherQueuesAlone() throws Exception {
        for (Priority priority : List.of(Priority.PREFETCH, Priority.REFRESH, Priority.CLIENT)) {
            for (int i = 1; i <= CAPACITY; i++) {
                add(priority + " " + i, priority);
            }
            assertThrows(RejectedExecutionException.class, () -> add("too much", priority));
        }
        assertEquals("CLIENT 1", afterFirst(9).get(0));
        add("later", Priority.PREFETCH);
        assertEquals("later", ran.poll(20, TimeUnit.SECONDS));
    }

    @Test
    void failingTaskDoesNotStopThePool() throws Exception {
        threads.withPriority(Priority.CLIENT).execute(() -> {
            throw new IllegalStateException("meant to fail");
        });
        add("next", Priority.CLIENT);
        assertEquals(List.of("next"), afterFirst(1));
    }

    @Test
    void shutdownRejectsTasksAndRunsWaitingOnes() throws Exception {
        add("waiting", Priority.PREFETCH);
        threads.shutdown();
        assertThrows(RejectedExecutionException.class, () -> add("late", Priority.CLIENT));
        assertEquals(List.of("waiting"), afterFirst(1));
    }

    @Test
    void prefetchLeavesAThreadToOthers() throws Exception {
        PriorityThreads two = new PriorityThreads("two-", 2, 10);
        CountDownLatch started = new CountDownLatch(1);
        two.withPriority(Priority.PREFETCH).execute(() -> {
            started.countDown();
            await(go);
        });
        await(started);
        two.withPriority(Priority.PREFETCH).execute(() -> ran.add("prefetch"));
        Runnable wanted = () -> ran.add("wanted");
        two.withPriority(Priority.PREFETCH).execute(wanted);
        two.withPriority(Priority.CLIENT).execute(() -> ran.add("client"));
        assertEquals("client", ran.poll(20, TimeUnit.SECONDS));
        two.withPriority(Priority.CLIENT).execute(wanted);
        assertEquals("wanted", ran.poll(20, TimeUnit.SECONDS));
        assertTrue(ran.isEmpty());
        go.countDown();
        List<String> last = List.of(ran.take(), ran.take());
        assertTrue(last.contains("prefetch"), last::toString);
        two.shutdown();
        two.terminate(Duration.ofSeconds(20));
    }

    @Test
    void promotedPrefetchAdmitsAnother() throws Exception {
        PriorityThreads two = new PriorityThreads("two-", 2, 10);
        CountDownLatch started = new CountDownLatch(1);
        Runnable running = () -> {
            started.countDown();
            await(go);
        };
        two.withPriority(Priority.PREFETCH).execute(running);
        await(started);
        two.withPriority(Priority.PREFETCH).execute(() -> ran.add("prefetch"));
        two.withPriority(Priority.CLIENT).execute(running);
        assertEquals("prefetch", ran.poll(20, TimeUnit.SECONDS));
        go.countDown();
        two.shutdown();
        two.terminate(Duration.ofSeconds(20));
    }

    @Test
    void concurrentlySubmittedTasksAllRun() throws Exception {
        PriorityThreads shared = new PriorityThreads("busy-", 2, 10_000);
        CountDownLatch all = new CountDownLatch(4 * 1000);
        CountDownLatch submitted = new CountDownLatch(4);
        for (int i = 0; i < 4; i++) {
            new Thread(() -> {
                        for (int n = 0; n < 1000; n++) {
                            AtomicBoolean counted = new AtomicBoolean();
                            Runnable work = () -> {
                                if (counted.compareAndSet(false, true)) {
                                    all.countDown();
                                }
                            };
                            for (Priority priority : priorities(n)) {
                                shared.withPriority(priority).execute(work);
                            }
                        }
                        submitted.countDown();
                    })
                    .start();
        }
        submitted.await();
        assertTrue(all.await(20, TimeUnit.SECONDS), () -> all.getCount() + " did not run");
        shared.shutdown();
        shared.terminate(Duration.ofSeconds(20));
    }

    private static List<Priority> priorities(int n) {
        return n % 2 == 0 ? List.of(Priority.PREFETCH) : List.of(Priority.PREFETCH, Priority.CLIENT, Priority.REFRESH);
    }

    private Runnable add(String name, Priority priority) {
        Runnable work = () -> ran.add(name);
        threads.withPriority(priority).execute(work);
        return work;
    }

    private List<String> afterFirst(int count) throws InterruptedException {
        go.countDown();
        assertEquals("first was for PREFETCH", ran.poll(20, TimeUnit.SECONDS));
        List<String> names = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            names.add(ran.poll(20, TimeUnit.SECONDS));
        }
        return names;
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
