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

/** A server that asks nobody, and archives that are loaded into it. */
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

    /** What became of every image, by its name. */
    public Map<String, LoadOutcome> load(Path archive) throws Exception {
        return load(archive, Platforms.ALL, Optional.empty());
    }

    public Map<String, LoadOutcome> load(Path archive, Platforms platforms, Optional<String> resolveRef)
            throws Exception {
        return load(archive, platforms, resolveRef, () -> {});
    }

    /** Does something else once the first image is on its way. */
    public Map<String, LoadOutcome> load(Path archive, Runnable meanwhile) throws Exception {
        return load(archive, Platforms.ALL, Optional.empty(), meanwhile);
    }

    private Map<String, LoadOutcome> load(
            Path archive, Platforms platforms, Optional<String> resolveRef, Runnable meanwhile) throws Exception {
        Map<String, LoadOutcome> outcomes = new TreeMap<>();
        LoadOptions options = new LoadOptions(platforms, 2, false, Duration.ofSeconds(10), resolveRef);
        server.context().loader().load(LoadPlan.of(archive.toString()), options, new LoadListener() {
            @Override
            public void started(String image) {
                meanwhile.run();
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

    /** The digest that a tag has there. */
    public String digest(String path, String ns, String tag) throws Exception {
        RawHttp.Response answer = manifest(path, ns, tag);
        return answer.status() == 200 ? Digest.of(answer.body()).toString() : String.valueOf(answer.status());
    }

    /** What of an image is not served. */
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
