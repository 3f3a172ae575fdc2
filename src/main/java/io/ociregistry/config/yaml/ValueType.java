package io.ociregistry.config.yaml;

import io.ociregistry.config.yaml.ValueType.ListOf;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;

/** The type of a key's value: reads it from a YAML node. */
public interface ValueType<T> {
    /**
     * Returns the value, or reports its problems to the context and returns empty.
     *
     * @param path the path of the value in messages: {@code registries[2].auth.user}, {@code --port}
     */
    Optional<T> read(Node node, String path, ParseContext context);

    /** A list of values of one type; an empty element is a problem. */
    record ListOf<T>(ValueType<T> element) implements ValueType<List<T>> {
        @Override
        public Optional<List<T>> read(Node node, String path, ParseContext context) {
            if (!(node instanceof SequenceNode sequence)) {
                context.problem(node, path, "is a " + node.getNodeId() + ", but must be a list");
                return Optional.empty();
            }
            var items = new ArrayList<T>();
            int index = 0;
            for (Node item : sequence.getValue()) {
                var itemPath = path + "[" + index++ + "]";
                if (ObjectType.isNullOrEmpty(item)) {
                    context.problem(item, itemPath, "is empty; remove it or give it a value");
                } else {
                    element.read(item, itemPath, context).ifPresent(items::add);
                }
            }
            return Optional.of(List.copyOf(items));
        }
    }

    /** A list, which may be written as a single value if it has one element. */
    record OneOrMore<T>(Scalar<T> element) implements ValueType<List<T>> {
        @Override
        public Optional<List<T>> read(Node node, String path, ParseContext context) {
            return node instanceof ScalarNode
                    ? element.read(node, path, context).map(List::of)
                    : new ListOf<>(element).read(node, path, context);
        }
    }

    /** A value written as one piece of text, or as a mapping that can set more. */
    record ScalarOrObject<T>(Scalar<T> scalar, ObjectType<T> mapping) implements ValueType<T> {
        @Override
        public Optional<T> read(Node node, String path, ParseContext context) {
            return node instanceof ScalarNode ? scalar.read(node, path, context) : mapping.read(node, path, context);
        }
    }
}
