package io.ociregistry.upstream.pool;

import io.ociregistry.config.ConfigLocation;
import io.ociregistry.config.Overrides;
import io.ociregistry.config.yaml.ConfigException;
import io.ociregistry.oci.Reference;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.RegistryName;
import java.util.Optional;

/** Pulls a manifest with a configuration file, as a separate process. */
final class PullMain {
    private PullMain() {}

    /** Prints "pulled" or the failure. The arguments are the file, the registry, the repository and the tag. */
    public static void main(String... args) {
        try {
            var config = ConfigLocation.ofThisProcess()
                    .load("the test", Optional.of(args[0]), Overrides.none())
                    .config();
            try (HttpUpstreams upstreams = HttpUpstreams.of(config)) {
                upstreams.get(RegistryName.parse(args[1])).manifest(args[2], Reference.parse(args[3]), 1 << 20);
                System.out.println("pulled");
            }
        } catch (ConfigException | RegistryException e) {
            System.out.println(e.getMessage());
        }
    }
}
