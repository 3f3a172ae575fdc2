package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import io.ociregistry.testing.RunningRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A tag moved to another image, whose record is lost: the older image is not served as if nothing had happened. */
@Timeout(60)
class LostTagTest {
    private final FakeUpstream upstream = FakeUpstream.start();
    private FakeImage older;
    private FakeImage newer;

    @TempDir
    Path images;

    /** How the record is lost. */
    enum Loss {
        BAD_AT_START,
        BAD_WHILE_RUNNING,
        DELETED_WHILE_RUNNING;

        void strike(RunningRegistry server, Path record) throws Exception {
            if (this == DELETED_WHILE_RUNNING) {
                Files.delete(record);
                return;
            }
            String text = Files.readString(record);
            Files.writeString(record, text.substring(0, text.length() - 10));
            // A file that changed just now may still be on its way.
            Files.setLastModifiedTime(record, FileTime.from(Instant.now().minus(Duration.ofHours(1))));
            if (this == BAD_AT_START) {
                server.restart();
            }
        }
    }

    @BeforeEach
    void move() throws Exception {
        older = push(1);
        try (RunningRegistry server = server("tags: [{pattern: '*', policy: always}]", "")) {
            get(server);
            newer = push(2);
            assertArrayEquals(newer.manifest(), get(server).body());
        }
        upstream.forgetRequests();
    }

    @AfterEach
    void stop() {
        upstream.close();
    }

    @ParameterizedTest
    @EnumSource
    void tagIsFetchedAgain(Loss loss) throws Exception {
        try (RunningRegistry server = server("tags: []", "")) {
            loss.strike(server, record(newer));
            for (int i = 0; i < 2; i++) {
                Response answer = get(server);
                assertArrayEquals(newer.manifest(), answer.body());
                assertNull(answer.header("Warning"));
            }
            assertEquals(1, upstream.requests(Match.manifests().get()).size());
        }
    }

    @ParameterizedTest
    @EnumSource
    void olderImageIsServedOnceItsUpstreamMeansIt(Loss loss) throws Exception {
        push(1);
        try (RunningRegistry server = server("tags: []", "")) {
            loss.strike(server, record(newer));
            get(server);
            upstream.forgetRequests();
            Response answer = get(server);
            assertArrayEquals(older.manifest(), answer.body());
            assertNull(answer.header("Warning"));
            assertEquals(0, upstream.requests().size());
        }
    }

    @ParameterizedTest
    @EnumSource
    void olderImageIsServedWithWarningWhileUpstreamIsDown(Loss loss) throws Exception {
        upstream.refuseConnections();
        try (RunningRegistry server = server("tags: []", "")) {
            loss.strike(server, record(newer));
            assertIsOlderWithWarning(get(server));
            assertIsOlderWithWarning(get(server));
        }
    }

    @ParameterizedTest
    @EnumSource
    void olderImageIsServedWithWarningOfAirGappedServer(Loss loss) throws Exception {
        try (RunningRegistry server = server("tags: []", "airGapped: true\n")) {
            loss.strike(server, record(newer));
            assertIsOlderWithWarning(get(server));
        }
        assertEquals(0, upstream.requests().size());
    }

    private void assertIsOlderWithWarning(Response answer) throws IOException {
        assertEquals(200, answer.status(), answer.text());
        assertArrayEquals(older.manifest(), answer.body());
        String warning = String.valueOf(answer.header("Warning"));
        assertTrue(warning.contains("the record of a newer image was lost"), warning);
    }

    private FakeImage push(int seed) {
        return upstream.image("app", "latest").seed(seed).layer(100).push();
    }

    private Path record(FakeImage image) {
        return images.resolve("img").resolve(image.digest().hex());
    }

    private RunningRegistry server(String key, String more) throws Exception {
        return RunningRegistry.start(
                "registries:\n- name: r.example\n  endpoint: " + upstream.url() + "\n  " + key + "\nprefetch: false\n"
                        + more,
                images);
    }

    private static Response get(RunningRegistry server) throws IOException {
        return RawHttp.get(server.base(), "/v2/app/manifests/latest?ns=r.example");
    }
}
