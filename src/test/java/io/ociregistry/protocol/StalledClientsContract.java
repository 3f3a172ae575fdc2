package io.ociregistry.protocol;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.StalledClients;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Clients that send requests and read no answer do not block other clients, even if there are more such clients than
 * server threads. The server has few threads and small send buffers, because the default buffers of loopback hold
 * megabytes without a reader.
 */
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class StalledClientsContract implements ServerUnderTest.Factory {
    /** The number of threads of the server under test. */
    public static final int THREADS = 16;

    public static final int SEND_BUFFER = 8 << 10;
    private static final int CLIENTS = 2 * THREADS;
    /** Shorter than the 20 s after which a container closes a stalled connection itself. */
    private static final Duration PATIENCE = Duration.ofSeconds(15);

    private final FakeUpstream upstream = FakeUpstream.start();
    private FakeImage image;
    private ServerUnderTest server;

    @BeforeAll
    void start(@TempDir Path directory) throws Exception {
        image = upstream.image("library/app", "1").layer(100_000).push();
        server = start("- name: docker.io\n  endpoint: " + upstream.url() + "\n", directory);
        RawHttp.get(server.base(), "/v2/app/manifests/1?ns=docker.io");
        RawHttp.get(server.base(), blob());
    }

    @AfterAll
    void stop() {
        if (server != null) {
            server.close();
        }
        upstream.close();
    }

    private String blob() {
        return "/v2/app/blobs/" + image.layer(0) + "?ns=docker.io";
    }

    static Stream<Arguments> requests() {
        return Stream.of(
                arguments("GET /v2/", ""),
                arguments("GET /livez", ""),
                arguments("GET /v2/app/nothing/at/all", ""),
                arguments("DELETE /v2/app/manifests/1", ""),
                arguments("GET /v2/app/manifests/1?ns=docker.io", ""),
                arguments("HEAD /v2/app/manifests/1?ns=docker.io", ""),
                arguments("HEAD BLOB", ""),
                arguments("GET BLOB", ""),
                arguments("GET BLOB", "Range: bytes=0-9"));
    }

    @ParameterizedTest
    @MethodSource("requests")
    void stalledClientsDoNotBlockOthers(String line, String header) throws IOException {
        String request = line.replace("BLOB", blob()) + " HTTP/1.1\r\nHost: x\r\n"
                + (header.isEmpty() ? "" : header + "\r\n") + "\r\n";
        try (StalledClients stalled = StalledClients.connect(server.base(), CLIENTS);
                RawHttp other = RawHttp.connect(server.base())) {
            stalled.ask(request, PATIENCE);
            other.patience(PATIENCE);
            assertEquals(200, other.send("GET", "/v2/").status());
        }
    }
}
