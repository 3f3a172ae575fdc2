package io.ociregistry.registry.admin;

import io.ociregistry.registry.load.PreloadStatus;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The status of a server, as the admin API shows it. Contains no secret.
 *
 * @param started the start time in UTC
 * @param upstreams the configured upstreams and recently used unlisted ones, by name
 * @param preload the progress of the preload; null if none is configured
 * @param downloads the blobs in flight
 */
public record ServerStatus(
        String version,
        String started,
        long uptimeSeconds,
        boolean airGapped,
        Disk disk,
        Counts cache,
        List<UpstreamState> upstreams,
        @Nullable PreloadStatus preload,
        List<Download> downloads) {
    public ServerStatus {
        upstreams = List.copyOf(upstreams);
        downloads = List.copyOf(downloads);
    }

    /**
     * The disk of the cache; sizes in bytes.
     *
     * @param quota the value of {@code cache.maxSize}; null if it is not set
     * @param readOnly whether the cache can't be written, so that new content is not stored
     * @param warning the reason, and which parts of the cache can't be read; null if there is no problem
     */
    public record Disk(
            String path,
            long used,
            long free,
            long total,
            @Nullable Long quota,
            boolean readOnly,
            @Nullable String warning) {}

    /**
     * A blob in flight.
     *
     * @param source the registry that sends it
     * @param images some cached names of the images with this blob; empty if no cached manifest names it
     * @param bytes the bytes received so far
     * @param size the size of the whole blob; null while it is unknown
     */
    public record Download(
            String digest,
            String source,
            List<String> images,
            long bytes,
            @Nullable Long size) {
        public Download {
            images = List.copyOf(images);
        }
    }

    /**
     * The size of the cache.
     *
     * @param names the number of names by which clients can request a manifest
     * @param complete whether the whole index was read since the start; otherwise more names and manifests may exist
     */
    public record Counts(int names, int manifests, int blobs, boolean complete) {}
}
