package io.ociregistry.store.disk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class HashSet64Test {
    private static final int MANY = 50_000;

    private final HashSet64 prints = new HashSet64();

    @Test
    void whatWasAddedIsThereAndNothingElse() {
        for (int i = 0; i < MANY; i++) {
            assertTrue(prints.add("text " + i));
        }
        assertEquals(MANY, prints.size());
        for (int i = 0; i < MANY; i++) {
            assertTrue(prints.contains("text " + i));
            assertFalse(prints.contains("other " + i));
            assertFalse(prints.add("text " + i));
        }
        assertEquals(MANY, prints.size());
    }

    @Test
    void whoeverLooksWhileOthersAddFindsWhatWasThereBefore() throws Exception {
        AtomicInteger added = new AtomicInteger();
        AtomicInteger missed = new AtomicInteger();
        Thread reader = new Thread(() -> {
            for (int known = 0; known < MANY; known = added.get()) {
                for (int i = Math.max(0, known - 100); i < known; i++) {
                    if (!prints.contains("text " + i)) {
                        missed.incrementAndGet();
                    }
                }
            }
        });
        reader.start();
        for (int i = 0; i < MANY; i++) {
            prints.add("text " + i);
            added.set(i + 1);
        }
        reader.join();
        assertEquals(0, missed.get());
    }
}
