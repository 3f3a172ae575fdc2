package io.ociregistry.oci;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The referrers of a manifest, such as signatures and attestations (distribution specification, "Listing Referrers").
 *
 * <p>Descriptors are stored as received, with all their properties, and each digest once. A descriptor without a valid
 * digest is left out. Immutable.
 */
public final class ReferrerList {
    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    public static final ReferrerList EMPTY = new ReferrerList(List.of());

    private final List<JsonNode> descriptors;

    private ReferrerList(Collection<JsonNode> descriptors) {
        this.descriptors = List.copyOf(descriptors);
    }

    /**
     * Reads an image index; empty if the bytes are JSON, but not an index.
     *
     * @throws RegistryException {@link ErrorCode#UPSTREAM_BAD_ANSWER} if the bytes are not JSON, or truncated
     */
    public static Optional<ReferrerList> parse(byte[] bytes) {
        JsonNode json = read(bytes);
        JsonNode manifests = json.path("manifests");
        boolean index = json.path("schemaVersion").asInt() == 2 && (manifests.isArray() || manifests.isNull());
        return index ? Optional.of(of(manifests)) : Optional.empty();
    }

    /**
     * The entries of an index, such as the one under the tag {@code <algorithm>-<hex>} ("Referrers Tag Schema"); empty
     * if the manifest is not an index.
     */
    public static ReferrerList ofIndex(Manifest index) {
        return index.mediaType().isIndex() ? parse(index.toByteArray()).orElse(EMPTY) : EMPTY;
    }

    /** A list of one manifest's descriptor, as a registry would list it. */
    public static ReferrerList of(Manifest referrer) {
        JsonNode json = read(referrer.toByteArray());
        ObjectNode descriptor = JSON.createObjectNode()
                .put("mediaType", referrer.mediaType().value())
                .put("digest", referrer.digest().toString())
                .put("size", referrer.size());
        String type = json.path("artifactType").asText("");
        String configType = json.path("config").path("mediaType").asText("");
        if (!type.isEmpty() || !configType.isEmpty()) {
            descriptor.put("artifactType", type.isEmpty() ? configType : type);
        }
        if (json.path("annotations").isObject()) {
            descriptor.set("annotations", json.get("annotations"));
        }
        return new ReferrerList(List.of(descriptor));
    }

    /** The union of these lists; the first of several descriptors with the same digest wins. */
    public static ReferrerList merged(Collection<ReferrerList> lists) {
        Map<String, JsonNode> byDigest = new LinkedHashMap<>();
        lists.forEach(list -> list.descriptors.forEach(
                descriptor -> byDigest.putIfAbsent(descriptor.path("digest").asText(), descriptor)));
        return new ReferrerList(byDigest.values());
    }

    /** The entries that have one of these artifact types. */
    public ReferrerList withArtifactTypes(Collection<String> artifactTypes) {
        return new ReferrerList(descriptors.stream()
                .filter(descriptor ->
                        artifactTypes.contains(descriptor.path("artifactType").asText("")))
                .toList());
    }

    public List<Digest> digests() {
        return descriptors.stream()
                .map(descriptor -> Digest.parse(descriptor.path("digest").asText("")))
                .toList();
    }

    public boolean isEmpty() {
        return descriptors.isEmpty();
    }

    /** The body of an answer to a client: an image index. */
    public byte[] toJson() {
        ObjectNode json = JSON.createObjectNode().put("schemaVersion", 2).put("mediaType", MediaType.OCI_INDEX.value());
        ArrayNode manifests = json.putArray("manifests");
        descriptors.forEach(manifests::add);
        return json.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static ReferrerList of(JsonNode manifests) {
        List<JsonNode> found = new ArrayList<>();
        for (JsonNode descriptor : manifests) {
            if (Descriptor.read(descriptor).isPresent()) {
                found.add(descriptor);
            }
        }
        return new ReferrerList(found);
    }

    private static JsonNode read(byte[] bytes) {
        try {
            JsonNode json = JSON.readTree(bytes);
            if (json != null && !json.isMissingNode()) {
                return json;
            }
        } catch (IOException e) {
            // Not JSON, or truncated.
        }
        throw new RegistryException(
                ErrorCode.UPSTREAM_BAD_ANSWER,
                "the body that was sent as a list of referrers is not JSON, or" + " truncated");
    }
}
