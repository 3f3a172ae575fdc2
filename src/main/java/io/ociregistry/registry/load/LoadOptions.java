package io.ociregistry.registry.load;

import io.ociregistry.config.ServerConfig;
import io.ociregistry.oci.Platforms;
import java.time.Duration;
import java.util.Optional;

/**
 * How to load.
 *
 * @param platforms whose images to take of an index
 * @param parallel how many images at a time
 * @param withReferrers whether what refers to an image comes along: signatures, attestations, SBOMs
 * @param patience how long a registry may send nothing before what is still to come from it is given up
 * @param resolveRef what an image in a tarball is called that has no name there
 */
public record LoadOptions(
        Platforms platforms, int parallel, boolean withReferrers, Duration patience, Optional<String> resolveRef) {
    /** Those of a configuration. */
    public static LoadOptions of(ServerConfig config) {
        return new LoadOptions(
                config.platforms(),
                config.parallel(),
                config.withReferrers(),
                config.pullTimeout(),
                config.resolveRef());
    }
}
