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
import io.ociregistry.upstream.pool.UpstreamsInTest;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Timeout;

/** A stop amid a request is no fault of anybody, and tells so in one line. */
@Timeout(30)
class StoppingTest {
    @RepeatedTest(20)
    void aRequestThatAStopBreaksOffSaysThatThisServerStops() throws Exception {
        try (FakeUpstream up = FakeUpstream.start()) {
            up.image("team/app", "1").layer(10).push();
            Gate gate = up.hold(Match.manifests());
            UpstreamsInTest upstreams = UpstreamsInTest.of(up);
            CompletableFuture<?> answer = CompletableFuture.supplyAsync(() -> upstreams.manifest("team/app", "1"));
            gate.awaitReached();
            upstreams.close();
            Throwable failure = assertThrows(ExecutionException.class, () -> answer.get(20, TimeUnit.SECONDS))
                    .getCause();
            RegistryException told = assertInstanceOf(RegistryException.class, failure, String.valueOf(failure));
            assertEquals(ErrorCode.OVERLOADED, told.code(), told.getMessage());
            assertTrue(told.getMessage().contains("stopping"), told.getMessage());
            gate.release();
        }
    }
}
