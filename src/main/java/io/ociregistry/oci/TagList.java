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
import java.util.List;
import java.util.stream.Stream;

/** The tags of a repository (distribution specification, "Listing Tags"), each once, sorted by their bytes. */
public record TagList(List<String> tags) {
    public static final TagList EMPTY = new TagList(List.of());

    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    public TagList {
        tags = tags.stream().filter(Tag::isValid).sorted().distinct().toList();
    }

    /**
     * Reads the list that a registry sent, without its invalid tags.
     *
     * @throws RegistryException {@link ErrorCode#UPSTREAM_BAD_ANSWER} if the body is not a list of tags
     */
    public static TagList parse(byte[] json) {
        JsonNode tags = read(json).path("tags");
        List<String> found = new ArrayList<>();
        for (JsonNode tag : tags) {
            if (tag.isTextual()) {
                found.add(tag.textValue());
            }
        }
        return new TagList(found);
    }

    /** The union of these lists. */
    public static TagList merged(Collection<TagList> lists) {
        return new TagList(lists.stream().flatMap(list -> list.tags.stream()).toList());
    }

    public TagList union(TagList more) {
        return new TagList(Stream.concat(tags.stream(), more.tags.stream()).toList());
    }

    public boolean isEmpty() {
        return tags.isEmpty();
    }

    /** The body of an answer to a client. */
    public byte[] toJson(String repository) {
        ObjectNode json = JSON.createObjectNode().put("name", repository);
        ArrayNode array = json.putArray("tags");
        tags.forEach(array::add);
        return json.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static JsonNode read(byte[] bytes) {
        try {
            JsonNode json = JSON.readTree(bytes);
            // Some registries send null for a repository without tags.
            if (json != null
                    && json.has("tags")
                    && (json.get("tags").isArray() || json.get("tags").isNull())) {
                return json;
            }
        } catch (IOException e) {
            // Not JSON.
        }
        throw new RegistryException(
                ErrorCode.UPSTREAM_BAD_ANSWER,
                "the body that was sent as a list of tags is not one; is a login page or a proxy in between?");
    }
}
