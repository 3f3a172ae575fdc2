package io.ociregistry.oci;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The media type, digest, size and platform with which a manifest names content (image specification, "Descriptors").
 *
 * @param size in bytes; empty if the manifest gives none
 */
public record Descriptor(MediaType mediaType, Digest digest, OptionalLong size, Optional<Platform> platform) {
    /** Reads a descriptor; empty if its digest is missing, malformed or of an unknown algorithm. */
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

    /** True for a layer that a registry need not have, because clients fetch it from another server. */
    public boolean isForeign() {
        return mediaType.value().contains(".foreign.") || mediaType.value().contains(".nondistributable.");
    }

    private static OptionalLong size(JsonNode node) {
        return node.isIntegralNumber() && node.canConvertToLong() && node.asLong() >= 0
                ? OptionalLong.of(node.asLong())
                : OptionalLong.empty();
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
