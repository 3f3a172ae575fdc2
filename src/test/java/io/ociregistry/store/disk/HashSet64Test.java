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

    private final HashSet64 hashes = new HashSet64();

    @Test
    void containsExactlyTheAddedStrings() {
        for (int i = 0; i < MANY; i++) {
            assertTrue(hashes.add("text " + i));
        }
        assertEquals(MANY, hashes.size());
        for (int i = 0; i < MANY; i++) {
            assertTrue(hashes.contains("text " + i));
            assertFalse(hashes.contains("other " + i));
            assertFalse(hashes.add("text " + i));
        }
        assertEquals(MANY, hashes.size());
    }

    @Test
    void concurrentReaderFindsTheStringsAddedBefore() throws Exception {
        AtomicInteger added = new AtomicInteger();
        AtomicInteger missed = new AtomicInteger();
        Thread reader = new Thread(() -> {
            for (int known = 0; known < MANY; known = added.get()) {
                for (int i = Math.max(0, known - 100); i < known; i++) {
                    if (!hashes.contains("text " + i)) {
                        missed.incrementAndGet();
                    }
                }
            }
        });
        reader.start();
        for (int i = 0; i < MANY; i++) {
            hashes.add("text " + i);
            added.set(i + 1);
        }
        reader.join();
        assertEquals(0, missed.get());
    }
}
