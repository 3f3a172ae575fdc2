package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.ociregistry.oci.Digest;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RawHttp.Response;
import io.ociregistry.testing.RunningRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The usual set-up of a product test: one upstream, configured as {@value #REGISTRY}, and one running server that
 * caches it in {@link #images}. A test that needs another configuration calls {@link #startWith}.
 */
@Timeout(60)
abstract class Scenario {
    static final String REGISTRY = "r.example";

    @TempDir
    protected Path images;

    protected final FakeUpstream upstream = FakeUpstream.start();
    protected RunningRegistry registry;
    private boolean isRunning;

    @BeforeEach
    void startServer() throws Exception {
        startWith(configuration());
    }

    @AfterEach
    void stopAll() {
        stopServer();
        upstream.close();
    }

    /** The configuration that each test starts with: lines of the entry of the upstream, then other keys. */
    protected String configuration() {
        return "";
    }

    /**
     * Stops the server if it runs, and starts one on the same cache.
     *
     * @param more lines that follow the entry of the upstream: indented by two they belong to the entry
     */
    protected void startWith(String more) throws Exception {
        stopServer();
        registry = RunningRegistry.start(
                "registries:\n- name: " + REGISTRY + "\n  endpoint: " + upstream.url() + "\n" + more, images);
        isRunning = true;
    }

    /** Stops the server, so that the test can change the files of the cache. */
    protected void stopServer() {
        if (isRunning) {
            isRunning = false;
            registry.close();
        }
    }

    protected Response get(String path) throws IOException {
        return RawHttp.get(registry.base(), path);
    }

    protected Response head(String path) throws IOException {
        return RawHttp.head(registry.base(), path);
    }

    protected int status(String path) throws IOException {
        return get(path).status();
    }

    /** The path of a manifest of the upstream, by tag or digest. */
    protected static String manifest(String repository, Object reference) {
        return "/v2/" + repository + "/manifests/" + reference + "?ns=" + REGISTRY;
    }

    /** The path of a blob of the upstream. */
    protected static String blob(String repository, Digest digest) {
        return "/v2/" + repository + "/blobs/" + digest + "?ns=" + REGISTRY;
    }

    /** Pulls an image of one layer by its tag, as a client does, and checks what it gets; returns the manifest. */
    protected Response pull(FakeImage image, String repository, String tag) throws IOException {
        Response manifest = get(manifest(repository, tag));
        assertEquals(200, manifest.status());
        assertEquals(200, status(blob(repository, image.config().digest())));
        assertArrayEquals(
                image.layerBytes(0), get(blob(repository, image.layer(0))).body());
        return manifest;
    }

    /** The ranges that the upstream was asked for of a blob, in order; empty for a request of the whole blob. */
    protected List<String> ranges(Digest blob) {
        return upstream.requests(Match.blob(blob).get()).stream()
                .map(request -> request.header("Range").orElse(""))
                .toList();
    }
}
