package io.ociregistry.registry.admin;

import io.ociregistry.registry.blob.ArrivingBlob;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How it stands with a server: what an operator looks at first. It holds no secret.
 *
 * @param started when, in UTC
 * @param upstreams those that are configured, and those that were asked for lately, by name
 * @param downloads the blobs that are arriving
 */
public record ServerStatus(
        String version,
        String started,
        long uptimeSeconds,
        boolean airGapped,
        Disk disk,
        Counts cache,
        List<UpstreamState> upstreams,
        List<ArrivingBlob> downloads) {
    public ServerStatus {
        upstreams = List.copyOf(upstreams);
        downloads = List.copyOf(downloads);
    }

    /**
     * The disk that the cache is on, in bytes.
     *
     * @param readOnly whether nothing new is kept
     * @param warning why, and what of the cache can't be read
     */
    public record Disk(
            String path,
            long used,
            long free,
            long total,
            boolean readOnly,
            @Nullable String warning) {}

    /**
     * What is in the cache.
     *
     * @param names by which clients can ask for a manifest
     * @param complete whether all of the index was read since the start; else there are more names and manifests
     */
    public record Counts(int names, int manifests, int blobs, boolean complete) {}
}
