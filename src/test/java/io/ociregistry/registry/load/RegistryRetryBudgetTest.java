package io.ociregistry.registry.load;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.registry.RegistryContext;
import io.ociregistry.testing.RunningRegistry;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** How long a load waits for a registry. */
@Timeout(30)
class RegistryRetryBudgetTest {
    private final RegistryException unreachable = new RegistryException(ErrorCode.UPSTREAM_UNREACHABLE, "no route");

    @Test
    void aFailureThatCanPassIsTriedAgainUntilNothingCameForTooLong() throws Exception {
        RegistryRetryBudget link = new RegistryRetryBudget(Duration.ofMillis(200));
        assertTrue(link.waitsAfter(unreachable));
        while (link.waitsAfter(unreachable)) {
            assertFalse(Thread.currentThread().isInterrupted());
        }
        assertTrue(link.isOver());
        link.progressed();
        assertTrue(link.waitsAfter(unreachable), "what came winds it up again");
    }

    @Test
    void aDefiniteAnswerIsNotAskedForAgain() throws Exception {
        RegistryRetryBudget link = new RegistryRetryBudget(Duration.ofMinutes(1));
        for (ErrorCode code : ErrorCode.values()) {
            if (!RegistryRetryBudget.canPass(code)) {
                assertFalse(link.waitsAfter(new RegistryException(code, "no")), code.name());
            }
        }
    }

    @Test
    void whoIsToldToWaitLongerThanThePatienceDoesNotBegin() throws Exception {
        RegistryRetryBudget link = new RegistryRetryBudget(Duration.ofSeconds(20));
        RegistryException limited =
                new RegistryException(ErrorCode.TOO_MANY_REQUESTS, "later", null, Duration.ofHours(1));
        assertFalse(link.waitsAfter(limited));
        assertFalse(link.isOver());
    }

    @Test
    void allImagesOfALoadShareTheirPatienceWithARegistry(@TempDir Path images) throws Exception {
        try (RunningRegistry registry = RunningRegistry.start("", images);
                LoadSession load = load(registry.context())) {
            RegistryName one = RegistryName.parse("one.example");
            assertSame(load.patience(one), load.patience(RegistryName.parse("one.example")));
            assertNotSame(load.patience(one), load.patience(RegistryName.parse("two.example")));
        }
    }

    private static LoadSession load(RegistryContext context) {
        LoadSource source = context.registry().loadSource(context.listings());
        return new LoadSession(source, LoadOptions.of(context.config()), new LoadListener() {});
    }
}
