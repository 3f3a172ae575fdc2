package io.ociregistry.store.manifest.format;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * The rules of the Go program's JSON decoder: keys match in any case, unknown keys are ignored, {@code null} is valid
 * for every type, and one value of another type makes the whole record invalid.
 */
final class GoDecoder {
    private static final Map<String, Object> PLATFORM = Map.of(
            "architecture",
            "string",
            "os",
            "string",
            "os.version",
            "string",
            "os.features",
            "[]string",
            "variant",
            "string");
    private static final Map<String, Object> DESCRIPTOR = Map.of(
            "mediaType", "string",
            "digest", "string",
            "size", "int64",
            "urls", "[]string",
            "annotations", "map",
            "data", "[]byte",
            "platform", PLATFORM,
            "artifactType", "string");
    private static final Map<String, Object> INDEX = Map.of(
            "schemaVersion", "int64",
            "mediaType", "string",
            "artifactType", "string",
            "manifests", List.of(DESCRIPTOR),
            "subject", DESCRIPTOR,
            "annotations", "map");
    private static final Map<String, Object> MANIFEST = Map.of(
            "schemaVersion",
            "int64",
            "mediaType",
            "string",
            "config",
            DESCRIPTOR,
            "layers",
            List.of(DESCRIPTOR),
            "subject",
            DESCRIPTOR,
            "annotations",
            "map");
    private static final Map<String, Object> RECORD = Map.of(
            "type", "int64",
            "digest", "string",
            "imageUrl", "string",
            "bytes", "[]byte",
            "v1.oci.index", INDEX,
            "v1.oci.manifest", MANIFEST,
            "v2.docker.manifestList", INDEX,
            "v2.docker.manifest", MANIFEST,
            "created", "string",
            "pulled", "string");

    private GoDecoder() {}

    /** Returns the parts of a record that the Go program rejects; empty if it reads the record. */
    static List<String> refused(JsonNode record) {
        List<String> refused = new ArrayList<>();
        check("", record, RECORD, refused);
        return refused;
    }

    private static void check(String path, JsonNode node, Object type, List<String> refused) {
        if (node.isNull()) {
            return;
        }
        if (type instanceof Map<?, ?> struct && node.isObject()) {
            Map<String, Object> fields = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
            struct.forEach((name, field) -> fields.put((String) name, field));
            node.properties().stream()
                    .filter(field -> fields.containsKey(field.getKey()))
                    .forEach(field ->
                            check(path + "/" + field.getKey(), field.getValue(), fields.get(field.getKey()), refused));
        } else if (type instanceof List<?> list && node.isArray()) {
            node.forEach(member -> check(path + "[]", member, list.get(0), refused));
        } else if (!(type instanceof String name) || !isOf(node, name)) {
            refused.add(
                    path + " is no " + type + ": " + node.getNodeType().name().toLowerCase(Locale.ROOT));
        }
    }

    private static boolean isOf(JsonNode node, String type) {
        return switch (type) {
            case "int64" -> node.isIntegralNumber() && node.canConvertToLong();
            case "[]byte" ->
                node.isTextual()
                        && node.asText().matches("(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?");
            case "[]string" -> node.isArray() && allTexts(node);
            case "map" -> node.isObject() && allTexts(node);
            default -> node.isTextual();
        };
    }

    private static boolean allTexts(JsonNode values) {
        for (JsonNode value : values) {
            if (!value.isTextual() && !value.isNull()) {
                return false;
            }
        }
        return true;
    }
}
