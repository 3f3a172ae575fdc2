package io.ociregistry.registry.blob;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;

class ConcurrencyLimitTest {
    private final Deque<Runnable> taken = new ArrayDeque<>();
    private final List<Integer> done = new ArrayList<>();
    private final ConcurrencyLimit lane = new ConcurrencyLimit(taken::add, 2);

    @Test
    void onlySoManyAreGivenOn_andTheRestRunsInOrder() {
        for (int i = 0; i < 5; i++) {
            int number = i;
            lane.execute(() -> done.add(number));
        }
        assertEquals(2, taken.size());
        taken.remove().run();
        assertEquals(List.of(0, 2, 3, 4), done);
        taken.remove().run();
        assertEquals(List.of(0, 2, 3, 4, 1), done);

        lane.execute(() -> done.add(5));
        lane.execute(() -> done.add(6));
        assertEquals(2, taken.size(), "both places are free again");
    }

    @Test
    void anExecutorThatTakesNothingLeavesNothingBehind() {
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
    void whatWaitsIsBounded() {
        for (int i = 0; i < 1002; i++) {
            lane.execute(() -> done.add(0));
        }
        assertThrows(RejectedExecutionException.class, () -> lane.execute(() -> done.add(1)));
        taken.remove().run();
        taken.remove().run();
        assertEquals(1002, done.size());
    }

    @Test
    void whatIsGivenAgainWhileItWaitsOrRunsTakesNoOtherPlace() {
        Runnable running = () -> done.add(1);
        Runnable waiting = () -> done.add(3);
        lane.execute(running);
        lane.execute(() -> done.add(2));
        for (int i = 0; i < 1001; i++) {
            lane.execute(running);
            lane.execute(waiting);
        }
        lane.execute(() -> done.add(4));
        taken.remove().run();
        taken.remove().run();
        assertEquals(List.of(1, 3, 4, 2), done);

        lane.execute(running);
        taken.remove().run();
        assertEquals(List.of(1, 3, 4, 2, 1), done, "it is over, so it is new work");
    }
}
