package io.ociregistry.common;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.testing.LogLines;
import java.util.List;
import org.junit.jupiter.api.Test;

class DaemonsTest {
    @Test
    void threadIsADaemon() {
        assertTrue(Daemons.withName("work").newThread(() -> {}).isDaemon());
    }

    @Test
    void threadHasTheGivenNameAndNumber() {
        Daemons same = Daemons.withName("work");
        Daemons numbered = Daemons.withPrefix("work-");

        assertEquals(List.of("work", "work"), List.of(name(same), name(same)));
        assertEquals(List.of("work-1", "work-2"), List.of(name(numbered), name(numbered)));
    }

    @Test
    void uncaughtExceptionIsLogged() throws Exception {
        try (LogLines log = LogLines.of(Daemons.class.getName())) {
            Thread thread = Daemons.withName("work").newThread(() -> {
                throw new IllegalStateException("a bug");
            });
            thread.start();
            thread.join();

            String line = log.at("ERROR").get(0);
            assertTrue(line.contains("the thread work ended") && line.contains("IllegalStateException: a bug"), line);
        }
    }

    private static String name(Daemons daemons) {
        return daemons.newThread(() -> {}).getName();
    }
}
