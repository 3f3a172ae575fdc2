package io.ociregistry.upstream.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Gate;
import io.ociregistry.testing.Match;
import io.ociregistry.upstream.pool.TestUpstreams;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Timeout;

/** A request that a stop of the server aborts fails with a message that the server is stopping. */
@Timeout(30)
class ShutdownTest {
    @RepeatedTest(20)
    void requestAbortedByStopIsReportedAsStopping() throws Exception {
        try (FakeUpstream up = FakeUpstream.start()) {
            up.image("team/app", "1").layer(10).push();
            Gate gate = up.hold(Match.manifests());
            TestUpstreams upstreams = TestUpstreams.of(up);
            CompletableFuture<?> answer = CompletableFuture.supplyAsync(() -> upstreams.manifest("team/app", "1"));
            gate.awaitReached();
            upstreams.close();
            Throwable failure = assertThrows(ExecutionException.class, () -> answer.get(20, TimeUnit.SECONDS))
                    .getCause();
            RegistryException reported = assertInstanceOf(RegistryException.class, failure, String.valueOf(failure));
            assertEquals(ErrorCode.OVERLOADED, reported.code(), reported.getMessage());
            assertTrue(reported.getMessage().contains("stopping"), reported.getMessage());
            gate.release();
        }
    }
}
