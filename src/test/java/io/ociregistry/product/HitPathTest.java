package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.testing.Await;
import io.ociregistry.testing.CalledTypes;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.LogLines;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RunningRegistry;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Counts the types of this project that the embedded server calls to answer a warm hit. */
@Timeout(60)
class HitPathTest {
    private static final int BLOB_LIMIT = 48;
    private static final int MANIFEST_LIMIT = 62;

    @TempDir
    Path images;

    private FakeUpstream upstream;
    private FakeImage image;
    private RunningRegistry registry;

    @BeforeEach
    void start() throws Exception {
        upstream = FakeUpstream.start();
        image = upstream.image("team/app", "1.0").layer(20_000).push();
        registry =
                RunningRegistry.start("registries:\n- name: r.example\n  endpoint: " + upstream.url() + "\n", images);
    }

    @AfterEach
    void stop() throws Exception {
        registry.close();
        upstream.close();
    }

    @Test
    void warmBlobHitPassesFewTypes() throws Exception {
        assertAtMost(BLOB_LIMIT, "blobs/" + image.layer(0));
    }

    @Test
    void warmManifestHitPassesFewTypes() throws Exception {
        assertAtMost(MANIFEST_LIMIT, "manifests/1.0");
    }

    private void assertAtMost(int limit, String path) throws Exception {
        try (LogLines log = LogLines.of("io.ociregistry.access")) {
            get(path, log);
            // After a restart, the download is certainly over.
            registry.restart();
            get(path, log);
            get(path, log);
            try (CalledTypes calls = CalledTypes.record("http")) {
                get(path, log);
                Set<String> types = calls.topLevelTypes();
                assertTrue(
                        types.size() <= limit,
                        () -> types.size() + " types instead of at most " + limit + ":\n" + String.join("\n", types));
            }
        }
    }

    /** Returns when the server has written the line of the access log, which is its last work for the request. */
    private void get(String path, LogLines log) throws Exception {
        int before = log.at("INFO").size();
        String target = "/v2/" + image.repository() + "/" + path + "?ns=r.example";
        assertEquals(200, RawHttp.get(registry.base(), target).status());
        Await.until("the request is logged", () -> log.at("INFO").size() > before);
    }
}
