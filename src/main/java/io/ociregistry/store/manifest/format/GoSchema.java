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
 * A type of the Go program, as its records hold it. A manifest may say anything under any key, but one value of another type, or under a key
 * that differs in case alone, makes its decoder refuse the whole record: so a copy for it has what the type has room for, and nothing else.
 */
interface GoSchema {
    JsonNodeFactory NODES = JsonNodeFactory.instance;

    GoSchema TEXT = when(JsonNode::isTextual);
    GoSchema NUMBER = when(node -> node.isIntegralNumber() && node.canConvertToLong());
    GoSchema BASE64 = when(GoSchema::isBase64);
    GoSchema TEXTS = when(node -> node.isArray() && all(node, JsonNode::isTextual));
    GoSchema TEXT_BY_KEY = when(node -> node.isObject() && all(node, JsonNode::isTextual));

    /** As much of a value as fits; empty if it is of another type. */
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

    /** A list; members of another type are left out. */
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

    /** An object with these fields, in their order. */
    final class Struct implements GoSchema {
        private final Map<String, GoSchema> fields = new LinkedHashMap<>();
        private final ObjectNode zero = NODES.objectNode();

        /** A field that is left out where it has no value. */
        Struct with(String name, GoSchema shape) {
            fields.put(name, shape);
            return this;
        }

        /** A field that is always there. */
        Struct with(String name, GoSchema shape, JsonNode zeroValue) {
            zero.set(name, zeroValue);
            return with(name, shape);
        }

        /** The value that stands for none. */
        ObjectNode zero() {
            return zero.deepCopy();
        }

        @Override
        public Optional<JsonNode> fit(JsonNode node) {
            return node.isObject() ? Optional.of(copy(node)) : Optional.empty();
        }

        /** What fits of any JSON. */
        ObjectNode copy(JsonNode node) {
            ObjectNode copy = NODES.objectNode();
            fields.forEach((name, shape) -> shape.fit(node.path(name))
                    .or(() -> Optional.ofNullable(zero.get(name)))
                    .ifPresent(value -> copy.set(name, value.deepCopy())));
            return copy;
        }
    }
}
