package io.ociregistry.registry;

import io.ociregistry.config.ServerConfig;
import java.io.IOException;
import java.nio.file.Files;

/** Everything one running registry consists of, wired once. */
public final class RegistryContext implements AutoCloseable {
    /** Opens the cache at the image path. */
    public static RegistryContext open(ServerConfig config) throws IOException {
        Files.createDirectories(config.imagePath());
        return new RegistryContext();
    }

    @Override
    public void close() {}
}
