package io.ociregistry.upstream.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.Recorded.Kind;
import io.ociregistry.upstream.Upstream;
import io.ociregistry.upstream.UpstreamTestBase;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class MinRateStreamTest extends UpstreamTestBase {
    private static final Duration GRACE = Duration.ofSeconds(30);
    private static final Fault BYTE_BY_BYTE = new Fault.Trickle(1, Duration.ofMillis(400));

    private long now = Long.MAX_VALUE - Duration.ofSeconds(40).toNanos();

    @Test
    void occasionalBytesAreTooSlow() throws IOException {
        InputStream body = body(100);
        now += Duration.ofSeconds(29).toNanos();
        assertEquals(0, body.read());
        now += Duration.ofSeconds(29).toNanos();
        IOException tooSlow = assertThrows(MinRateStream.TooSlow.class, body::read);
        assertEquals("only 2 bytes arrived in 58 s", tooSlow.getMessage());
    }

    @Test
    void bodyAtTheMinimumRateMayTakeAnyTime() throws IOException {
        InputStream body = body(128 * 1000);
        byte[] second = new byte[128];
        for (int i = 0; i < 1000; i++) {
            now += Duration.ofSeconds(1).toNanos();
            assertEquals(second.length, body.read(second));
        }
        assertEquals(-1, body.read(second));
        assertEquals(-1, body.read());
    }

    @Test
    void endlessSlowManifestFails() {
        FakeUpstream fake = started(FakeUpstream.start());
        image(fake);
        fake.on(Match.manifests()).once(BYTE_BY_BYTE);
        Upstream upstream = upstream(fake);
        RegistryException failure = fails(ErrorCode.UPSTREAM_TIMEOUT, () -> manifest(upstream));
        assertTrue(failure.getMessage().contains("sends too slowly: only"), failure.getMessage());
        manifest(upstream);
    }

    @Test
    void endlessSlowListAndErrorTextFail() {
        FakeUpstream fake = started(FakeUpstream.start());
        image(fake);
        fake.on(Match.of(Kind.TAGS)).always(BYTE_BY_BYTE);
        fake.on(Match.manifests()).always(Fault.status(404).and(BYTE_BY_BYTE));
        Upstream upstream = upstream(fake);
        fails(ErrorCode.UPSTREAM_TIMEOUT, () -> upstream.list("team/app", "tags/list", "", 1000));
        fails(ErrorCode.MANIFEST_UNKNOWN, () -> manifest(upstream));
    }

    private InputStream body(int bytes) {
        return new MinRateStream(new ByteArrayInputStream(new byte[bytes]), GRACE, () -> now);
    }
}
