package io.ociregistry.e2e;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import io.ociregistry.testing.TestCertificates;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tests each container behind the documented nginx, which serves TLS: clients get the answers of the container. */
@Timeout(120)
@ExtendWith(ShowsLogs.class)
class ReverseProxyIT {
    private static final List<String> COMPARED = List.of(
            "Content-Type",
            "Content-Length",
            "Content-Range",
            "Docker-Content-Digest",
            "Docker-Distribution-Api-Version",
            "ETag",
            "Link");

    private final FakeUpstream upstream = FakeUpstream.start();

    @TempDir
    Path directory;

    private FakeImage image;

    @BeforeEach
    void push() {
        Nginx.require();
        image = upstream.image("library/app", "1.0").layer(3_000_000).push();
        upstream.image("library/app", "1.1").layer(10).push();
    }

    @AfterEach
    void close() {
        upstream.close();
    }

    @ParameterizedTest
    @EnumSource(Containers.class)
    void answersThroughProxyAreThoseOfContainer(Containers kind) throws Exception {
        var certificates = TestCertificates.create();
        var configuration = Configuration.in(directory, "- name: docker.io\n  endpoint: " + upstream.url() + "\n");
        int port = Loopback.freePort();
        URI proxied = URI.create("https://127.0.0.1:" + port);
        try (var container = kind.start(configuration);
                var proxy = Nginx.startDocumented(
                        directory.resolve("nginx"), port, certificates.server(), container.url())) {
            SSLContext trusting = certificates.trusting();
            String layer = "/v2/library/app/blobs/" + image.layer(0) + "?ns=docker.io";
            String tags = "/v2/library/app/tags/list?ns=docker.io&n=1";
            for (Request request : List.of(
                    new Request("GET", "/v2/library/app/manifests/1.0?ns=docker.io", "Accept: */*"),
                    new Request("HEAD", "/v2/library/app/manifests/1.0?ns=docker.io", "Accept: */*"),
                    new Request("GET", layer, "Accept: */*"),
                    new Request("GET", layer, "Range: bytes=1000000-1999999"),
                    new Request("GET", layer, "Range: bytes=9000000-"),
                    new Request("GET", tags, "Accept: */*"),
                    new Request("GET", "/v2/library/none/manifests/1.0?ns=docker.io", "Accept: */*"),
                    new Request("PUT", "/v2/library/app/manifests/1.0", "Content-Length: 0"),
                    new Request("GET", "/readyz", "Accept: */*"))) {
                // The first answer may come while the content arrives.
                request.send(RawHttp.connect(container.url()));
                Response direct = request.send(RawHttp.connect(container.url()));
                Response through = request.send(RawHttp.connectTls(proxied, trusting));
                assertEquals(direct.status(), through.status(), () -> request + "\n" + proxy.log());
                for (String header : COMPARED) {
                    assertEquals(direct.header(header), through.header(header), () -> header + " of " + request);
                }
                assertArrayEquals(direct.body(), through.body(), request::toString);
            }
            assertNextPageIsReached(new Request("GET", tags, "Accept: */*"), proxied, trusting);
        }
    }

    private static void assertNextPageIsReached(Request first, URI proxied, SSLContext trusting) throws IOException {
        String link = first.send(RawHttp.connectTls(proxied, trusting)).header("Link");
        String next = link.substring(1, link.indexOf('>'));
        Response second = new Request("GET", next, "Accept: */*").send(RawHttp.connectTls(proxied, trusting));
        assertEquals("{\"name\":\"library/app\",\"tags\":[\"1.1\"]}", second.text());
    }

    private record Request(String method, String path, String header) {
        Response send(RawHttp client) throws IOException {
            try (client) {
                Response response = client.send(method, path, header);
                response.body();
                return response;
            }
        }
    }
}
