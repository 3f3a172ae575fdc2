package io.ociregistry.config.model;

import static io.ociregistry.config.yaml.Key.optional;

import io.ociregistry.config.yaml.Key;
import io.ociregistry.config.yaml.ObjectType;
import io.ociregistry.config.yaml.Scalar;
import io.ociregistry.config.yaml.Values;
import java.util.Optional;

/**
 * The limits for one registry: {@code registries[].limits}.
 *
 * @param downloads the maximum number of concurrent blob downloads
 * @param bandwidth the maximum bytes of blobs per second, for all downloads together; empty for no limit
 */
public record Limits(int downloads, Optional<Long> bandwidth) {
    private static final Key<Integer> DOWNLOADS = new Key<>("downloads", Scalar.integer(1, 256), 8);
    private static final Key<Optional<Long>> BANDWIDTH = optional("bandwidth", Scalar.size(1 << 10, 1L << 40));
    static final ObjectType<Limits> KEYS = ObjectType.of(Limits::new, DOWNLOADS, BANDWIDTH);

    public static final Limits DEFAULT = new Limits(Values.NONE);

    private Limits(Values values) {
        this(values.get(DOWNLOADS), values.get(BANDWIDTH));
    }
}
