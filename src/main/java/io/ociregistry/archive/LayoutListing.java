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
 * What a layout that is written lists, in the order in which it is told: an {@code index.json} with a descriptor for every name, as skopeo, crane and
 * containerd want it, and a {@code manifest.json} for {@code docker load}.
 */
public final class LayoutListing {
    private static final Set<String> CONFIGS =
            Set.of("application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json");

    private final ArrayNode manifests = ArchiveJson.JSON.createArrayNode();
    private final ArrayNode images = ArchiveJson.JSON.createArrayNode();
    private final TreeSet<Digest> leftOut = new TreeSet<>();

    /** Lists a manifest under each of its names, or once without any. */
    public void add(Manifest manifest, Collection<ImageReference> names) {
        if (names.isEmpty()) {
            manifests.add(descriptor(manifest));
        }
        for (ImageReference name : names) {
            ObjectNode named = descriptor(manifest);
            named.putObject("annotations")
                    .put(LayoutIndex.FULL_NAME, ArchivedNames.text(name))
                    .put(LayoutIndex.REF_NAME, ArchivedNames.text(name));
            manifests.add(named);
        }
    }

    /** True for an image that docker can load: it has a config of one of these two types. */
    public static boolean isForDocker(Manifest image) {
        return image.config()
                .filter(config -> CONFIGS.contains(config.mediaType().value()))
                .isPresent();
    }

    /** Lists an image {@link #isForDocker} which is in the layout with all its blobs; docker has one image for a name. */
    public void addForDocker(Manifest image, Collection<ImageReference> tags) {
        Descriptor config = image.config().orElseThrow();
        ObjectNode entry = images.addObject().put("Config", OciLayout.entry(config.digest()));
        ArrayNode names = entry.putArray("RepoTags");
        tags.forEach(tag -> names.add(ArchivedNames.text(tag)));
        ArrayNode layers = entry.putArray("Layers");
        image.blobs().stream()
                .filter(blob -> !blob.equals(config))
                .forEach(layer -> layers.add(OciLayout.entry(layer.digest())));
    }

    /** Says that a manifest is not there since it is known where the layout goes. */
    public void leaveOut(Digest manifest) {
        leftOut.add(manifest);
    }

    byte[] index() {
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

    /** Nothing if docker can use none of them. */
    byte[] forDocker() {
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
