package io.ociregistry.product;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.oci.Repository;
import io.ociregistry.registry.manifest.ManifestResult;
import io.ociregistry.store.BlobSource;
import io.ociregistry.testing.Await;
import io.ociregistry.testing.Content;
import io.ociregistry.testing.FakeImage;
import io.ociregistry.testing.FakeUpstream;
import io.ociregistry.testing.Gate;
import io.ociregistry.testing.Match;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.Recorded;
import io.ociregistry.testing.RunningRegistry;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Orders waiting work if all threads of an upstream are busy: clients first, then revalidations, then prefetches. */
@Timeout(60)
class PrioritiesTest {
    private static final Repository REPOSITORY = new Repository(RegistryName.parse("r.example"), "team/app");
    private static final int METADATA_THREADS = 8;

    @TempDir
    Path images;

    private FakeUpstream upstream;
    private RunningRegistry registry;

    @BeforeEach
    void start() throws Exception {
        upstream = FakeUpstream.start();
        registry = RunningRegistry.start(
                "registries:\n- name: r.example\n  endpoint: " + upstream.url()
                        + "\n  limits: {downloads: 1}\n  tags: [{pattern: 'latest', policy: always}]\n",
                images);
    }

    @AfterEach
    void stop() {
        registry.close();
        upstream.close();
    }

    @Test
    void blobForClientPrecedesPrefetch() throws Exception {
        Gate gate = occupyTheOnlyDownload();
        FakeImage image = prefetched("1.0", 1);
        Digest wanted = image.layer(0);
        CompletionStage<BlobSource> client = blob(wanted);
        gate.release();
        value(client).close();
        awaitAsked(image.config().digest());
        assertEquals(
                List.of(wanted, image.config().digest()), askedAfterTheFirst().subList(0, 2));
    }

    @Test
    void prefetchJoinedByClientPrecedesOthers() throws Exception {
        Gate gate = occupyTheOnlyDownload();
        FakeImage first = prefetched("1.0", 1);
        FakeImage second = prefetched("2.0", 2);
        CompletionStage<BlobSource> client = blob(second.config().digest());
        gate.release();
        value(client).close();
        awaitAsked(first.config().digest());
        assertEquals(second.config().digest(), askedAfterTheFirst().get(0));
        assertEquals(1, upstream.requests(Match.blob(second.config().digest())).size());
    }

    @Test
    void manifestForClientPrecedesRevalidation() throws Exception {
        upstream.image("team/app", "latest").push();
        value(manifest("latest"));
        List<Gate> busy = new ArrayList<>();
        for (int i = 0; i < METADATA_THREADS; i++) {
            busy.add(upstream.hold(Match.manifest("busy-" + i)));
            manifest("busy-" + i);
        }
        busy.forEach(Gate::awaitReached);
        CompletionStage<ManifestResult> refresh = manifest("latest");
        Gate wanted = upstream.hold(Match.manifest("wanted"));
        manifest("wanted");
        busy.get(0).release();
        wanted.awaitReached();
        assertTrue(upstream.requests(Match.manifests().head()).isEmpty());
        wanted.release();
        assertTrue(value(refresh).warning().isEmpty());
        assertEquals(1, upstream.requests(Match.manifests().head()).size());
    }

    private Gate occupyTheOnlyDownload() {
        Digest large = upstream.blob("team/app", Content.random(1, 100));
        Gate gate = upstream.hold(Match.blob(large));
        blob(large);
        gate.awaitReached();
        return gate;
    }

    /** Pulls a new image, and returns it once its config is the last of {@code count} waiting prefetches. */
    private FakeImage prefetched(String tag, int count) throws Exception {
        FakeImage image = upstream.image("team/app", tag).seed(count).layer(100).push();
        assertEquals(
                200,
                RawHttp.get(registry.base(), "/v2/team/app/manifests/" + tag + "?ns=r.example")
                        .status());
        // Each waiting prefetch occupies one thread.
        Await.until("the prefetches wait", () -> waitingPrefetches() >= count);
        return image;
    }

    private static long waitingPrefetches() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("prefetch"))
                .filter(thread -> thread.getState() == Thread.State.WAITING)
                .count();
    }

    private void awaitAsked(Digest blob) throws Exception {
        Await.until("a request for " + blob, () -> !upstream.requests(Match.blob(blob))
                .isEmpty());
    }

    private List<Digest> askedAfterTheFirst() {
        return upstream.requests(Match.blobs()).stream()
                .skip(1)
                .map(Recorded::reference)
                .map(Digest::parse)
                .toList();
    }

    /** Requests a blob for a client; the request is in its queue when this method returns. */
    private CompletionStage<BlobSource> blob(Digest digest) {
        return registry.context().registry().blob(REPOSITORY, digest);
    }

    private CompletionStage<ManifestResult> manifest(String tag) {
        return registry.context().registry().manifest(ImageReference.parse("r.example/team/app:" + tag));
    }

    private static <T> T value(CompletionStage<T> stage) throws Exception {
        return stage.toCompletableFuture().get(20, TimeUnit.SECONDS);
    }
}
