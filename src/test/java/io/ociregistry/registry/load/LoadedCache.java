package io.ociregistry.registry.load;

import io.ociregistry.oci.Digest;
import io.ociregistry.oci.Platforms;
import io.ociregistry.registry.load.list.LoadPlan;
import io.ociregistry.registry.policy.ReferencePatterns;
import io.ociregistry.registry.prune.PrunePolicy;
import io.ociregistry.registry.prune.PruneReport;
import io.ociregistry.registry.prune.PruneRequest;
import io.ociregistry.testing.RawHttp;
import io.ociregistry.testing.RunningRegistry;
import io.ociregistry.testing.TestArchive.Image;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** A running air-gapped server whose cache is filled from archives. */
public final class LoadedCache implements AutoCloseable {
    private final RunningRegistry server;

    private LoadedCache(RunningRegistry server) {
        this.server = server;
    }

    public static LoadedCache at(Path images) throws Exception {
        return at(images, "airGapped: true\n");
    }

    public static LoadedCache at(Path images, String yaml) throws Exception {
        return new LoadedCache(RunningRegistry.start(yaml, images));
    }

    /** Imports an archive; returns the outcomes by the names of the images. */
    public Map<String, LoadOutcome> load(Path archive) throws Exception {
        return load(archive, Platforms.ALL, Optional.empty());
    }

    public Map<String, LoadOutcome> load(Path archive, Platforms platforms, Optional<String> resolveRef)
            throws Exception {
        return load(archive, platforms, resolveRef, () -> {});
    }

    /** Imports an archive, and runs other work when an image was started. */
    public Map<String, LoadOutcome> load(Path archive, Runnable onStarted) throws Exception {
        return load(archive, Platforms.ALL, Optional.empty(), onStarted);
    }

    private Map<String, LoadOutcome> load(
            Path archive, Platforms platforms, Optional<String> resolveRef, Runnable onStarted) throws Exception {
        Map<String, LoadOutcome> outcomes = new TreeMap<>();
        LoadOptions options = new LoadOptions(platforms, false, 2, false, Duration.ofSeconds(10), resolveRef);
        server.context().loader().load(LoadPlan.of(archive.toString()), options, new LoadListener() {
            @Override
            public void started(String image) {
                onStarted.run();
            }

            @Override
            public void ended(LoadOutcome outcome) {
                if (outcomes.put(outcome.image(), outcome) != null) {
                    throw new AssertionError(outcome.image() + " ended twice");
                }
            }
        });
        return outcomes;
    }

    public PruneReport prune(String pattern) {
        return server.context()
                .pruner()
                .prune(new PruneRequest(new PrunePolicy.Matching(ReferencePatterns.parse(pattern)), false));
    }

    public void restart() throws Exception {
        server.restart();
    }

    public RawHttp.Response manifest(String path, String ns, String reference) throws Exception {
        return RawHttp.get(server.base(), "/v2/" + path + "/manifests/" + reference + "?ns=" + ns);
    }

    public int blob(String path, String ns, Digest digest) throws Exception {
        return RawHttp.get(server.base(), "/v2/" + path + "/blobs/" + digest + "?ns=" + ns)
                .status();
    }

    /** The digest of a tag, or the status if it is not served. */
    public String digest(String path, String ns, String tag) throws Exception {
        RawHttp.Response response = manifest(path, ns, tag);
        return response.status() == 200 ? Digest.of(response.body()).toString() : String.valueOf(response.status());
    }

    /** The digests of an image that are not served. */
    public List<Digest> notServed(String path, String ns, Image image) throws Exception {
        List<Digest> missing = new ArrayList<>();
        if (manifest(path, ns, image.digest().toString()).status() != 200) {
            missing.add(image.digest());
        }
        for (Digest layer : image.layers()) {
            if (blob(path, ns, layer) != 200) {
                missing.add(layer);
            }
        }
        if (blob(path, ns, image.config()) != 200) {
            missing.add(image.config());
        }
        return missing;
    }

    @Override
    public void close() {
        server.close();
    }
}
