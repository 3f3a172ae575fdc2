package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp.Response;
import io.ociregistry.testing.RunningRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Loses the record of the image to which a tag moved: the older image is not served without a fetch or a warning. */
class LostTagTest extends Scenario {
    private FakeImage older;
    private FakeImage newer;

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
            // A file that changed a moment ago counts as a copy in progress.
            Files.setLastModifiedTime(record, FileTime.from(Instant.now().minus(Duration.ofHours(1))));
            if (this == BAD_AT_START) {
                server.restart();
            }
        }
    }

    @BeforeEach
    void moveTag() throws Exception {
        older = push(1);
        getLatest();
        newer = push(2);
        assertArrayEquals(newer.manifest(), getLatest().body());
        stopServer();
        upstream.forgetRequests();
    }

    @Override
    protected String configuration() {
        return "  tags: [{pattern: '*', policy: always}]\nprefetch: false\n";
    }

    @ParameterizedTest
    @EnumSource
    void tagIsFetchedAgain(Loss loss) throws Exception {
        startWith("  tags: []\nprefetch: false\n");
        loss.strike(registry, record(newer));
        for (int i = 0; i < 2; i++) {
            Response answer = getLatest();
            assertArrayEquals(newer.manifest(), answer.body());
            assertNull(answer.header("Warning"));
        }
        assertEquals(1, upstream.requests(Match.manifests().get()).size());
    }

    @ParameterizedTest
    @EnumSource
    void olderImageIsServedIfUpstreamMovedTagBack(Loss loss) throws Exception {
        push(1);
        startWith("  tags: []\nprefetch: false\n");
        loss.strike(registry, record(newer));
        getLatest();
        upstream.forgetRequests();
        Response answer = getLatest();
        assertArrayEquals(older.manifest(), answer.body());
        assertNull(answer.header("Warning"));
        assertEquals(0, upstream.requests().size());
    }

    @ParameterizedTest
    @EnumSource
    void olderImageIsServedWithWarningWhileUpstreamIsDown(Loss loss) throws Exception {
        upstream.refuseConnections();
        startWith("  tags: []\nprefetch: false\n");
        loss.strike(registry, record(newer));
        assertIsOlderWithWarning(getLatest());
        assertIsOlderWithWarning(getLatest());
    }

    @ParameterizedTest
    @EnumSource
    void airGappedServerServesOlderImageWithWarning(Loss loss) throws Exception {
        startWith("  tags: []\nairGapped: true\nprefetch: false\n");
        loss.strike(registry, record(newer));
        assertIsOlderWithWarning(getLatest());
        stopServer();
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

    private Response getLatest() throws IOException {
        return get(manifest("app", "latest"));
    }
}
