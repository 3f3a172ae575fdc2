package io.ociregistry.oci;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Optional;

/**
 * What a manifest says of content it refers to (image specification, "Descriptors").
 *
 * @param size bytes; -1 if the manifest does not say
 */
public record Descriptor(MediaType mediaType, Digest digest, long size, Optional<Platform> platform) {
    /** Reads a descriptor; empty if it has no digest that we could ever ask for. */
    public static Optional<Descriptor> read(JsonNode node) {
        try {
            return Optional.of(new Descriptor(
                    new MediaType(node.path("mediaType").asText("")),
                    Digest.parse(node.path("digest").asText("")),
                    size(node.path("size")),
                    platform(node.path("platform"))));
        } catch (RegistryException unusable) {
            return Optional.empty();
        }
    }

    /** True for layers that registries need not have; clients fetch them from elsewhere. */
    public boolean isForeign() {
        return mediaType.value().contains(".foreign.") || mediaType.value().contains(".nondistributable.");
    }

    private static long size(JsonNode node) {
        return node.isIntegralNumber() && node.canConvertToLong() ? Math.max(-1, node.asLong()) : -1;
    }

    private static Optional<Platform> platform(JsonNode node) {
        return node.isObject()
                ? Optional.of(new Platform(
                        node.path("os").asText(""),
                        node.path("architecture").asText(""),
                        node.path("variant").asText("")))
                : Optional.empty();
    }
}
