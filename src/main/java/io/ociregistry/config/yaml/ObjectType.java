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

/** A value written as a mapping of known keys. Keys that are null or empty count as absent, as in the Go program. */
public record ObjectType<R>(List<Key<?>> keys, Maker<R> maker) implements ValueType<R> {
    /** Makes a value of what a mapping says, and reports what its keys contradict each other in. */
    public interface Maker<R> {
        R make(Values values, Complaints complaints);
    }

    /** Takes what is wrong with a key in the light of the others. */
    public interface Complaints {
        void about(Key<?> key, String text);

        /** The same for what is no reason to refuse the file. */
        void warn(Key<?> key, String text);

        /** Whether the key is there and says something, be it wrong. */
        boolean wrote(Key<?> key);

        /** The reading, for what lies outside the file. */
        ParseContext reading();
    }

    @Override
    public Optional<R> read(Node node, ConfigPath place, ParseContext reading) {
        if (!(node instanceof MappingNode mapping)) {
            reading.problem(node, place, "is a " + node.getNodeId() + ", but must be a mapping of keys to values");
            return Optional.empty();
        }
        var values = Values.NONE;
        Map<String, NodeTuple> seen = new HashMap<>();
        for (NodeTuple entry : mapping.getValue()) {
            var name = entry.getKeyNode() instanceof ScalarNode scalar ? scalar.getValue() : "?";
            if (seen.putIfAbsent(name, entry) != null) {
                reading.problem(entry.getKeyNode(), place.child(Quoted.key(name)), "is here twice; remove one");
                continue;
            }
            var key = find(name);
            if (key.isEmpty()) {
                reading.problem(entry.getKeyNode(), place.child(Quoted.key(name)), unknown(name));
                continue;
            }
            values = readValue(key.get(), entry.getValueNode(), place, reading, values);
        }
        return Optional.of(maker.make(values, new Located(mapping, seen, place, reading)));
    }

    private static <T> Values readValue(Key<T> key, Node node, ConfigPath place, ParseContext reading, Values values) {
        if (saysNothing(node)) {
            return values;
        }
        var value = key.type().read(node, place.child(key.name()), reading);
        value.ifPresent(v -> NotInThisBuild.warn(key, v, node, place.child(key.name()), reading));
        return value.map(v -> values.with(key, v)).orElse(values);
    }

    /** {@code key:} and {@code key: ""} are ways to leave a key out. */
    public static boolean saysNothing(Node node) {
        return node instanceof ScalarNode scalar
                && (scalar.getValue().isEmpty() || scalar.getTag().equals(Tag.NULL));
    }

    private Optional<Key<?>> find(String name) {
        return keys.stream()
                .filter(key -> key.name().equals(name))
                .<Key<?>>map(key -> key)
                .findFirst();
    }

    private String unknown(String name) {
        var names = keys.stream().map(Key::name).toList();
        return Suggestions.to(name, names)
                .map(nearest -> "unknown key; did you mean " + nearest + "?")
                .orElse("unknown key; the keys here are " + String.join(", ", names));
    }

    private record Located(Node mapping, Map<String, NodeTuple> seen, ConfigPath place, ParseContext reading)
            implements Complaints {
        @Override
        public void about(Key<?> key, String text) {
            reading.problem(node(key), place.child(key.name()), text);
        }

        @Override
        public void warn(Key<?> key, String text) {
            reading.warning(node(key), place.child(key.name()), text);
        }

        private Node node(Key<?> key) {
            var entry = seen.get(key.name());
            return entry == null ? mapping : entry.getKeyNode();
        }

        @Override
        public boolean wrote(Key<?> key) {
            var entry = seen.get(key.name());
            return entry != null && !saysNothing(entry.getValueNode());
        }
    }
}
