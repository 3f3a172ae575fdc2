package io.ociregistry.upstream;

import io.ociregistry.config.ServerConfig;
import io.ociregistry.oci.RegistryName;

public final class HttpUpstreams implements Upstreams {
    public static Upstreams of(ServerConfig c) {
        return new HttpUpstreams();
    }

    @Override
    public Upstream get(RegistryName name) {
        throw new IllegalArgumentException("merge upstream");
    }

    @Override
    public void close() {}
}
