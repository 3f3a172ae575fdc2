package io.ociregistry.registry.list;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;

class ConcurrencyLimitTest {
    private final Deque<Runnable> submitted = new ArrayDeque<>();
    private final List<Integer> done = new ArrayList<>();
    private final ConcurrencyLimit limit = new ConcurrencyLimit(submitted::add, 2);

    @Test
    void onlyTheLimitIsSubmittedAndTheRestRunsInOrder() {
        for (int i = 0; i < 5; i++) {
            int number = i;
            limit.execute(() -> done.add(number));
        }
        assertEquals(2, submitted.size());
        submitted.remove().run();
        assertEquals(List.of(0, 2, 3, 4), done);
        submitted.remove().run();
        assertEquals(List.of(0, 2, 3, 4, 1), done);

        limit.execute(() -> done.add(5));
        limit.execute(() -> done.add(6));
        assertEquals(2, submitted.size(), "both places are free again");
    }

    @Test
    void rejectedTaskFreesItsPlace() {
        List<Runnable> once = new ArrayList<>();
        ConcurrencyLimit full = new ConcurrencyLimit(
                task -> {
                    if (once.isEmpty()) {
                        once.add(task);
                        throw new RejectedExecutionException("full");
                    }
                    task.run();
                },
                1);
        assertThrows(RejectedExecutionException.class, () -> full.execute(() -> done.add(1)));
        full.execute(() -> done.add(2));
        assertEquals(List.of(2), done);
    }

    @Test
    void numberOfWaitingTasksIsLimited() {
        for (int i = 0; i < 1002; i++) {
            limit.execute(() -> done.add(0));
        }
        assertThrows(RejectedExecutionException.class, () -> limit.execute(() -> done.add(1)));
        submitted.remove().run();
        submitted.remove().run();
        assertEquals(1002, done.size());
    }

    @Test
    void taskSubmittedAgainIsNotQueuedTwice() {
        Runnable running = () -> done.add(1);
        Runnable waiting = () -> done.add(3);
        limit.execute(running);
        limit.execute(() -> done.add(2));
        for (int i = 0; i < 1001; i++) {
            limit.execute(running);
            limit.execute(waiting);
        }
        limit.execute(() -> done.add(4));
        submitted.remove().run();
        submitted.remove().run();
        assertEquals(List.of(1, 3, 4, 2), done);

        limit.execute(running);
        submitted.remove().run();
        assertEquals(List.of(1, 3, 4, 2, 1), done, "the task had ended, so it runs again");
    }
}
