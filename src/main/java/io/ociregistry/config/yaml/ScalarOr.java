package io.ociregistry.config.yaml;

import java.util.Optional;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.ScalarNode;

/** A value written as one piece of text, or, where that can't say all, as a mapping. */
public record ScalarOr<T>(Scalar<T> scalar, ObjectType<T> mapping) implements ValueType<T> {
    @Override
    public Optional<T> read(Node node, ConfigPath place, ParseContext reading) {
        return node instanceof ScalarNode ? scalar.read(node, place, reading) : mapping.read(node, place, reading);
    }
}
