package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.ociregistry.oci.Digest;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Fault;
import io.ociregistry.testing.LogLines;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import io.ociregistry.testing.RunningRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** Logs what an operator needs to act: the image, the reason, and the remedy. */
@Timeout(60)
class LogLinesTest {
    private static final String NS = "?ns=r.example";

    @TempDir
    Path images;

    private FakeUpstream upstream;
    private FakeImage image;
    private RunningRegistry registry;

    @BeforeEach
    void start() throws Exception {
        upstream = FakeUpstream.start();
        image = upstream.image("team/app", "1.0").layer(20_000).push();
        registry = RunningRegistry.start(
                "prefetch: false\nregistries:\n- name: r.example\n  endpoint: " + upstream.url() + "\n", images);
    }

    @AfterEach
    void stop() throws Exception {
        registry.close();
        upstream.close();
    }

    @Test
    void failedFetchNamesBlobOnceAndItsImage() throws Exception {
        Digest layer = image.layer(0);
        upstream.on(Match.blob(layer)).always(Fault.status(500));
        get("manifests/1.0");
        try (LogLines log = LogLines.of("io.ociregistry.registry.blob")) {
            assertEquals(502, get("blobs/" + layer).status());
            registry.awaitDownloads();
            assertEquals(
                    List.of("WARN a fetch failed: GET blob r.example/team/app@" + layer
                            + ": upstream answered 500; the blob is part of r.example/team/app:1.0"),
                    log.at("WARN"));
        }
    }

    @Test
    void quarantineNamesImageAndSaysThatItComesBack() throws Exception {
        Digest layer = image.layer(0);
        get("manifests/1.0");
        get("blobs/" + layer);
        registry.awaitDownloads();
        Path file = images.resolve("blobs").resolve(layer.hex());
        Files.write(file, new byte[20_000]);
        Files.setLastModifiedTime(file, FileTime.from(Instant.now().minusSeconds(600)));
        try (LogLines log = LogLines.of("io.ociregistry.store.disk")) {
            get("blobs/" + layer);
            registry.awaitDownloads();
            String line = log.at("ERROR").get(0);
            assertTrue(line.startsWith("ERROR quarantined " + file + ": "), line);
            assertTrue(
                    line.endsWith("; it is part of r.example/team/app:1.0; the next request for it fetches it from its"
                            + " upstream"),
                    line);
        }
    }

    @Test
    void levelIsSetUntilRestart() throws Exception {
        Logger root = (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);
        Level before = root.getLevel();
        try (LogLines log = LogLines.of("io.ociregistry.web.admin")) {
            Response set = registry.operator().ask("PUT", "/cmd/log-level?level=debug");
            assertEquals("log level: debug, until the next restart or reload\n", set.text());
            assertEquals(Level.DEBUG, root.getLevel());
            assertEquals(
                    "{\"level\":\"warn\"}\n",
                    registry.operator()
                            .ask("POST", "/cmd/log-level?level=WARN", "Accept: application/json")
                            .text());
            assertEquals(Level.WARN, root.getLevel());
            assertEquals(
                    400,
                    registry.operator().ask("PUT", "/cmd/log-level?level=all").status());
            assertEquals(400, registry.operator().ask("PUT", "/cmd/log-level").status());
            assertEquals(405, registry.operator().get("/cmd/log-level").status());
            assertEquals(
                    403,
                    RawHttp.get(registry.base(), "/cmd/log-level?level=debug").status());
            assertEquals(Level.WARN, root.getLevel());
            assertTrue(log.text().contains("log level debug set by a request of 127.0.0.1 at 127.0.0.1:"), log.text());
        } finally {
            root.setLevel(before);
        }
    }

    @Test
    void operatorBehindUntrustedProxyIsNamedWithTheProxy() throws Exception {
        try (LogLines log = LogLines.of("io.ociregistry.web.admin")) {
            registry.operator()
                    .ask("DELETE", "/cmd/prune?type=pattern&expr=none&dryRun=false", "X-Forwarded-For: 1.2.3.4");
            assertTrue(
                    log.text()
                            .contains(
                                    "pruned by a request of 127.0.0.1, which is not in trustedProxies and forwarded the"
                                            + " request of \"1.2.3.4\", at 127.0.0.1:"
                                            + registry.base().getPort()),
                    log.text());
        }
    }

    private Response get(String path) throws Exception {
        Response answer = RawHttp.get(registry.base(), "/v2/team/app/" + path + NS);
        answer.body();
        return answer;
    }
}
