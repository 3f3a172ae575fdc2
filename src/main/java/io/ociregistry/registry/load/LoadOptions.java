package io.ociregistry.registry.load;

import io.ociregistry.config.ServerConfig;
import io.ociregistry.oci.Platforms;
import java.time.Duration;
import java.util.Optional;

/**
 * The options of a load.
 *
 * @param platforms the platforms whose images are loaded from an index
 * @param refresh whether upstreams are asked what tags mean now, even if their rules do not require it
 * @param parallel the number of images that are loaded at a time
 * @param withReferrers whether referrers of an image are loaded too: signatures, attestations, SBOMs
 * @param pullTimeout how long a registry may send nothing before the load gives up on it
 * @param resolveRef the value of {@code --resolve-ref}: a name, or the repository, for images of an archive
 */
public record LoadOptions(
        Platforms platforms,
        boolean refresh,
        int parallel,
        boolean withReferrers,
        Duration pullTimeout,
        Optional<String> resolveRef) {
    public static LoadOptions of(ServerConfig config) {
        return new LoadOptions(
                config.platforms(),
                false,
                config.parallel(),
                config.withReferrers(),
                config.pullTimeout(),
                config.resolveRef());
    }
}
