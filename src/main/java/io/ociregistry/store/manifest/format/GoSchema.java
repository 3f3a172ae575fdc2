package io.ociregistry.store.manifest.format;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.StreamSupport;

/**
 * A type of the Go program's records, which copies only values that its decoder accepts.
 *
 * <p>The decoder rejects a whole record for one value of a wrong type, or under a key that differs only in case. A
 * manifest may contain anything under any key, so the copy for the Go program has only the fields and types of the
 * schema.
 */
interface GoSchema {
    JsonNodeFactory NODES = JsonNodeFactory.instance;

    GoSchema TEXT = when(JsonNode::isTextual);
    GoSchema NUMBER = when(node -> node.isIntegralNumber() && node.canConvertToLong());
    GoSchema BASE64 = when(GoSchema::isBase64);
    GoSchema TEXTS = when(node -> node.isArray() && all(node, JsonNode::isTextual));
    GoSchema TEXT_BY_KEY = when(node -> node.isObject() && all(node, JsonNode::isTextual));

    /** Returns the parts of a value that fit the type; empty if the value is of another type. */
    Optional<JsonNode> fit(JsonNode node);

    private static GoSchema when(Predicate<JsonNode> fits) {
        return node -> Optional.of(node).filter(fits);
    }

    private static boolean all(JsonNode values, Predicate<JsonNode> fits) {
        return StreamSupport.stream(values.spliterator(), false).allMatch(fits);
    }

    private static boolean isBase64(JsonNode node) {
        try {
            return node.isTextual() && node.binaryValue() != null;
        } catch (IOException e) {
            return false;
        }
    }

    /** Returns the type of a list; members of another type are omitted. */
    static GoSchema listOf(GoSchema member) {
        return node -> {
            if (!node.isArray()) {
                return Optional.empty();
            }
            var list = NODES.arrayNode();
            node.forEach(value -> member.fit(value).ifPresent(list::add));
            return Optional.of(list);
        };
    }

    /** The type of an object with fields in a fixed order. */
    final class Struct implements GoSchema {
        private final Map<String, GoSchema> fields = new LinkedHashMap<>();
        private final ObjectNode zero = NODES.objectNode();

        /** Adds a field that is omitted if it has no value. */
        Struct with(String name, GoSchema schema) {
            fields.put(name, schema);
            return this;
        }

        /** Adds a field that is always present. */
        Struct with(String name, GoSchema schema, JsonNode zeroValue) {
            zero.set(name, zeroValue);
            return with(name, schema);
        }

        /** Returns the value that the Go program writes for an absent object. */
        ObjectNode zero() {
            return zero.deepCopy();
        }

        @Override
        public Optional<JsonNode> fit(JsonNode node) {
            return node.isObject() ? Optional.of(copy(node)) : Optional.empty();
        }

        /** Returns the parts of any JSON value that fit. */
        ObjectNode copy(JsonNode node) {
            ObjectNode copy = NODES.objectNode();
            fields.forEach((name, schema) -> schema.fit(node.path(name))
                    .or(() -> Optional.ofNullable(zero.get(name)))
                    .ifPresent(value -> copy.set(name, value.deepCopy())));
            return copy;
        }
    }
}
