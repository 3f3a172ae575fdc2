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

@Timeout(30)
class RegistryRetryBudgetTest {
    private final RegistryException unreachable = new RegistryException(ErrorCode.UPSTREAM_UNREACHABLE, "no route");

    @Test
    void transientFailureIsRetriedUntilTimeout() throws Exception {
        RegistryRetryBudget budget = new RegistryRetryBudget(Duration.ofMillis(200));
        assertTrue(budget.awaitRetry(unreachable));
        while (budget.awaitRetry(unreachable)) {
            assertFalse(Thread.currentThread().isInterrupted());
        }
        assertTrue(budget.isExhausted());
        budget.onProgress();
        assertTrue(budget.awaitRetry(unreachable), "progress renews the budget");
    }

    @Test
    void definiteAnswerIsNotRetried() throws Exception {
        RegistryRetryBudget budget = new RegistryRetryBudget(Duration.ofMinutes(1));
        for (ErrorCode code : ErrorCode.values()) {
            if (!RegistryRetryBudget.isTransient(code)) {
                assertFalse(budget.awaitRetry(new RegistryException(code, "no")), code.name());
            }
        }
    }

    @Test
    void retryAfterBeyondTimeoutIsNotAwaited() throws Exception {
        RegistryRetryBudget budget = new RegistryRetryBudget(Duration.ofSeconds(20));
        RegistryException limited =
                new RegistryException(ErrorCode.TOO_MANY_REQUESTS, "later", null, Duration.ofHours(1));
        assertFalse(budget.awaitRetry(limited));
        assertFalse(budget.isExhausted());
    }

    @Test
    void imagesOfLoadShareBudgetOfRegistry(@TempDir Path images) throws Exception {
        try (RunningRegistry registry = RunningRegistry.start("", images);
                LoadSession load = load(registry.context())) {
            RegistryName one = RegistryName.parse("one.example");
            assertSame(load.retryBudget(one), load.retryBudget(RegistryName.parse("one.example")));
            assertNotSame(load.retryBudget(one), load.retryBudget(RegistryName.parse("two.example")));
        }
    }

    private static LoadSession load(RegistryContext context) {
        return new LoadSession(context.content(), LoadOptions.of(context.config()), new LoadListener() {});
    }
}
