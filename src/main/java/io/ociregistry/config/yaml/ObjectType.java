package io.ociregistry.config.yaml;

import io.ociregistry.common.Secret;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
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

        /** Returns the value of the environment variable that a key names; reports a variable that is not set. */
        Optional<Secret> secretFromEnvironment(Key<Optional<String>> key, Values values);
    }

    /** Makes a type whose keys cannot contradict each other. */
    public static <R> ObjectType<R> of(Function<Values, R> factory, Key<?>... keys) {
        return new ObjectType<>(List.of(keys), (values, reporter) -> factory.apply(values));
    }

    @Override
    public Optional<R> read(Node node, String path, ParseContext context) {
        if (!(node instanceof MappingNode mapping)) {
            context.problem(node, path, "is a " + node.getNodeId() + ", but must be a mapping of keys to values");
            return Optional.empty();
        }
        var values = Values.NONE;
        Map<String, NodeTuple> seen = new HashMap<>();
        for (NodeTuple entry : mapping.getValue()) {
            var name = entry.getKeyNode() instanceof ScalarNode scalar ? scalar.getValue() : "?";
            if (seen.putIfAbsent(name, entry) != null) {
                context.problem(entry.getKeyNode(), child(path, Redaction.ofKey(name)), "is here twice; remove one");
                continue;
            }
            var key = find(name);
            if (key.isEmpty()) {
                context.problem(entry.getKeyNode(), child(path, Redaction.ofKey(name)), unknown(name, context));
                continue;
            }
            values = readValue(key.get(), entry.getValueNode(), path, context, values);
        }
        return Optional.of(factory.create(values, new Located(mapping, seen, path, context)));
    }

    private static <T> Values readValue(Key<T> key, Node node, String path, ParseContext context, Values values) {
        if (isNullOrEmpty(node)) {
            return values;
        }
        return key.read(node, child(path, key.name()), context)
                .map(value -> values.with(key, value))
                .orElse(values);
    }

    /** Whether a value is null or empty: {@code key:} and {@code key: ""} count as leaving the key out. */
    public static boolean isNullOrEmpty(Node node) {
        return node instanceof ScalarNode scalar
                && (scalar.getValue().isEmpty() || scalar.getTag().equals(Tag.NULL));
    }

    private static String child(String path, String name) {
        return path.isEmpty() ? name : path + "." + name;
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

    private record Located(Node mapping, Map<String, NodeTuple> seen, String path, ParseContext context)
            implements ProblemReporter {
        @Override
        public void report(Key<?> key, String text) {
            context.problem(node(key), child(path, key.name()), text);
        }

        @Override
        public void warn(Key<?> key, String text) {
            context.warning(node(key), child(path, key.name()), text);
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

        @Override
        public Optional<Secret> secretFromEnvironment(Key<Optional<String>> key, Values values) {
            return values.get(key).flatMap(variable -> {
                try {
                    var value = context.environmentVariable(variable);
                    if (value.isEmpty()) {
                        report(key, "the environment variable " + variable + " is not set; set it");
                    }
                    return value.map(Secret::new);
                } catch (IllegalArgumentException e) {
                    report(key, String.valueOf(e.getMessage()));
                    return Optional.empty();
                }
            });
        }
    }
}
