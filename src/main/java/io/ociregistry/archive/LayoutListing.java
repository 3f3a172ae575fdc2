package io.ociregistry.archive;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.ociregistry.oci.Descriptor;
import io.ociregistry.oci.Digest;
import io.ociregistry.oci.ImageReference;
import io.ociregistry.oci.Manifest;
import io.ociregistry.oci.MediaType;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Collects the images of a layout to be written, in the order of the calls. Not thread-safe.
 *
 * <p>The results are an {@code index.json} with a descriptor for every name, as skopeo, crane and containerd expect,
 * and a {@code manifest.json} for {@code docker load}.
 */
public final class LayoutListing {
    private static final Set<String> CONFIGS =
            Set.of("application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json");

    private final ArrayNode manifests = ArchiveJson.JSON.createArrayNode();
    private final ArrayNode images = ArchiveJson.JSON.createArrayNode();
    private final TreeSet<Digest> leftOut = new TreeSet<>();

    /** Lists a manifest under each of its names, or once without a name if it has none. */
    public void add(Manifest manifest, Collection<ImageReference> names) {
        if (names.isEmpty()) {
            manifests.add(descriptor(manifest));
        }
        for (ImageReference name : names) {
            ObjectNode named = descriptor(manifest);
            named.putObject("annotations")
                    .put(LayoutIndex.FULL_NAME, ArchivedNames.format(name))
                    .put(LayoutIndex.REF_NAME, ArchivedNames.format(name));
            manifests.add(named);
        }
    }

    /** Returns true for an image that docker can load: its config has a media type of docker or of OCI images. */
    public static boolean isDockerLoadable(Manifest image) {
        return image.config()
                .filter(config -> CONFIGS.contains(config.mediaType().value()))
                .isPresent();
    }

    /**
     * Lists an image for {@code docker load}, which keeps one image for each name.
     *
     * @param image an image {@link #isDockerLoadable}, of which the layout has all blobs
     */
    public void addDockerImage(Manifest image, Collection<ImageReference> tags) {
        Descriptor config = image.config().orElseThrow();
        ObjectNode entry = images.addObject().put("Config", OciLayout.entryName(config.digest()));
        ArrayNode names = entry.putArray("RepoTags");
        tags.forEach(tag -> names.add(ArchivedNames.format(tag)));
        ArrayNode layers = entry.putArray("Layers");
        image.blobs().stream()
                .filter(blob -> !blob.equals(config))
                .forEach(layer -> layers.add(OciLayout.entryName(layer.digest())));
    }

    /** Lists a manifest that the layout omits because the receiver has it. */
    public void leaveOut(Digest manifest) {
        leftOut.add(manifest);
    }

    byte[] indexJson() {
        ObjectNode index = ArchiveJson.JSON
                .createObjectNode()
                .put("schemaVersion", 2)
                .put("mediaType", MediaType.OCI_INDEX.value());
        index.set("manifests", manifests);
        if (!leftOut.isEmpty()) {
            String digests = leftOut.stream().map(Digest::toString).collect(Collectors.joining(" "));
            index.putObject("annotations").put(LayoutIndex.LEFT_OUT, digests);
        }
        return index.toString().getBytes(StandardCharsets.UTF_8);
    }

    /** Returns the {@code manifest.json}; empty if docker can load none of the images. */
    byte[] manifestJson() {
        return images.isEmpty() ? new byte[0] : images.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static ObjectNode descriptor(Manifest manifest) {
        return ArchiveJson.JSON
                .createObjectNode()
                .put("mediaType", manifest.mediaType().value())
                .put("digest", manifest.digest().toString())
                .put("size", manifest.size());
    }
}
