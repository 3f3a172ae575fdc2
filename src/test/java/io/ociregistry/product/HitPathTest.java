package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.testing.CalledTypes;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import io.ociregistry.testing.RunningRegistry;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Counts the types of this project that the embedded server calls to answer a warm hit on an open connection. Records
 * and the values of {@code oci} do not count, and neither does the access log, which another thread writes.
 */
@Timeout(60)
class HitPathTest {
    private static final int BLOB_LIMIT = 28;
    private static final int MANIFEST_LIMIT = 33;
    /** The first hits of an image also check whether its prefetch is complete. */
    private static final int TRIES = 5;

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
        get(path);
        registry.awaitDownloads();
        try (RawHttp http = RawHttp.connect(registry.base())) {
            Set<String> types = calledBy(http, path);
            for (int i = 1; i < TRIES && types.size() > limit; i++) {
                types = calledBy(http, path);
            }
            assertTrue(
                    types.size() <= limit,
                    types.size() + " types instead of at most " + limit + ":\n" + String.join("\n", types));
        }
    }

    private Set<String> calledBy(RawHttp http, String path) throws Exception {
        try (CalledTypes calls = CalledTypes.record("http")) {
            hit(http, path);
            // The next answer on the connection comes after all work for the previous one.
            hit(http, path);
            return calls.topLevelTypesWithoutValues();
        }
    }

    private void get(String path) throws Exception {
        try (RawHttp http = RawHttp.connect(registry.base())) {
            hit(http, path);
        }
    }

    private void hit(RawHttp http, String path) throws Exception {
        Response answer = http.send("GET", "/v2/" + image.repository() + "/" + path + "?ns=r.example");
        answer.body();
        assertEquals(200, answer.status());
    }
}
