package io.ociregistry.config.yaml;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.Tag;

/** A mapping of known keys. A key without a value, or with an empty one, counts as absent, as in the Go program. */
public record ObjectType<R>(List<Key<?>> keys, Factory<R> factory) implements ValueType<R> {
    /** Makes a value of the values in a mapping, and reports keys that contradict each other. */
    public interface Factory<R> {
        R create(Values values, ProblemReporter reporter);
    }

    /** Takes problems of one key that depend on the other keys of its mapping. */
    public interface ProblemReporter {
        /** Reports a problem, which makes the file unusable. */
        void report(Key<?> key, String text);

        /** Reports a problem that leaves the file usable. */
        void warn(Key<?> key, String text);

        /** Whether the mapping has the key with a value, valid or not. */
        boolean hasValue(Key<?> key);

        /** The context, for values outside the file such as environment variables. */
        ParseContext context();
    }

    @Override
    public Optional<R> read(Node node, ConfigPath path, ParseContext context) {
        if (!(node instanceof MappingNode mapping)) {
            context.problem(node, path, "is a " + node.getNodeId() + ", but must be a mapping of keys to values");
            return Optional.empty();
        }
        var values = Values.NONE;
        Map<String, NodeTuple> seen = new HashMap<>();
        for (NodeTuple entry : mapping.getValue()) {
            var name = entry.getKeyNode() instanceof ScalarNode scalar ? scalar.getValue() : "?";
            if (seen.putIfAbsent(name, entry) != null) {
                context.problem(entry.getKeyNode(), path.child(Redaction.ofKey(name)), "is here twice; remove one");
                continue;
            }
            var key = find(name);
            if (key.isEmpty()) {
                context.problem(entry.getKeyNode(), path.child(Redaction.ofKey(name)), unknown(name, context));
                continue;
            }
            values = readValue(key.get(), entry.getValueNode(), path, context, values);
        }
        return Optional.of(factory.create(values, new Located(mapping, seen, path, context)));
    }

    private static <T> Values readValue(Key<T> key, Node node, ConfigPath path, ParseContext context, Values values) {
        if (isNullOrEmpty(node)) {
            return values;
        }
        return key.read(node, path.child(key.name()), context)
                .map(value -> values.with(key, value))
                .orElse(values);
    }

    /** Whether a value is null or empty: {@code key:} and {@code key: ""} count as leaving the key out. */
    public static boolean isNullOrEmpty(Node node) {
        return node instanceof ScalarNode scalar
                && (scalar.getValue().isEmpty() || scalar.getTag().equals(Tag.NULL));
    }

    private Optional<Key<?>> find(String name) {
        return keys.stream()
                .filter(key -> key.name().equals(name))
                .<Key<?>>map(key -> key)
                .findFirst();
    }

    /** Suggests a key, or lists the valid keys with the first unknown key of this type in the file. */
    private String unknown(String name, ParseContext context) {
        var names = keys.stream().map(Key::name).toList();
        var suggestion = Suggestions.closest(name, names);
        if (suggestion.isPresent()) {
            return "unknown key; did you mean " + suggestion.get() + "?";
        }
        return context.markListed(this)
                ? "unknown key; valid keys are " + String.join(", ", names)
                : "unknown key; remove it";
    }

    private record Located(Node mapping, Map<String, NodeTuple> seen, ConfigPath path, ParseContext context)
            implements ProblemReporter {
        @Override
        public void report(Key<?> key, String text) {
            context.problem(node(key), path.child(key.name()), text);
        }

        @Override
        public void warn(Key<?> key, String text) {
            context.warning(node(key), path.child(key.name()), text);
        }

        private Node node(Key<?> key) {
            var entry = seen.get(key.name());
            return entry == null ? mapping : entry.getKeyNode();
        }

        @Override
        public boolean hasValue(Key<?> key) {
            var entry = seen.get(key.name());
            return entry != null && !isNullOrEmpty(entry.getValueNode());
        }
    }
}
