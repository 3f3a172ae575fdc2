package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.ociregistry.oci.Digest;
import io.ociregistry.standalone.jetty.TunedServer;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Gate;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import io.ociregistry.testing.RunningRegistry;
import io.ociregistry.testing.SlowReaders;
import io.ociregistry.web.send.MinimumRate;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Cuts off clients that read too slowly, but no client that waits for an upstream. */
@Timeout(60)
class SlowClientsTest {
    private static final MinimumRate LEAST = new MinimumRate(64 << 10, Duration.ofMillis(400));
    private static final Duration IDLE = Duration.ofSeconds(1);
    private static final int SIZE = 4 << 20;

    private final FakeUpstream upstream = FakeUpstream.start();
    private FakeImage image;
    private RunningRegistry registry;

    @BeforeEach
    void start(@TempDir Path directory) throws Exception {
        image = upstream.image("app", "1").layer(SIZE).layer(100_000).push();
        registry = RunningRegistry.start(
                "prefetch: false\nregistries: [{name: good.example, endpoint: '" + upstream.url() + "'}]\n",
                directory,
                new TunedServer(200, 16 << 10, LEAST, IDLE)::start);
        RawHttp.get(registry.base(), "/v2/app/manifests/1?ns=good.example");
    }

    @AfterEach
    void stop() {
        registry.close();
        upstream.close();
    }

    @Test
    void tooSlowClientIsCutOff() throws IOException {
        RawHttp.get(registry.base(), blob(image.layer(0)));
        readUntilBrokenOff();
    }

    @Test
    void clientThatWaitsForUpstreamIsNotCutOff() throws IOException {
        RawHttp.get(registry.base(), blob(image.layer(0)));
        Gate gate = upstream.holdBlobAfter(image.layer(1), 50_000);
        try (RawHttp http = RawHttp.connect(registry.base())) {
            Response arriving = http.send("GET", blob(image.layer(1)));
            assertEquals(50_000, arriving.read(50_000).length);
            readUntilBrokenOff();
            gate.release();
            assertEquals(50_000, arriving.body().length);
        }
    }

    @Test
    void clientThatWaitsForUpstreamIsNotIdle() throws IOException {
        Gate tag = upstream.hold(Match.manifest("2"));
        Gate layer = upstream.holdBlobAfter(image.layer(1), 50_000);
        try (RawHttp first = RawHttp.connect(registry.base());
                RawHttp second = RawHttp.connect(registry.base());
                RawHttp idle = RawHttp.connect(registry.base())) {
            first.write("GET /v2/app/manifests/2?ns=good.example HTTP/1.1\r\nHost: x\r\n\r\n");
            Response arriving = second.send("GET", blob(image.layer(1)));
            assertEquals(50_000, arriving.read(50_000).length);
            tag.awaitReached();
            assertEquals(0, idle.rest().length);
            tag.release();
            assertEquals(404, first.sendRaw("", false).status());
            layer.release();
            assertEquals(50_000, arriving.body().length);
        }
    }

    /** Reads slowly until the server cuts the connection. */
    private void readUntilBrokenOff() throws IOException {
        try (SlowReaders slow = SlowReaders.connect(registry.base(), 1)) {
            slow.ask(blob(image.layer(0)));
            assertEquals(Set.of(200), slow.awaitHeaders());
            assertThrows(IOException.class, () -> trickle(slow));
        }
    }

    private void trickle(SlowReaders slow) throws IOException, InterruptedException {
        for (int length = 1; length <= SIZE; length += 1000) {
            slow.resume(0, length);
            Thread.sleep(20);
        }
    }

    private static String blob(Digest digest) {
        return "/v2/app/blobs/" + digest + "?ns=good.example";
    }
}
