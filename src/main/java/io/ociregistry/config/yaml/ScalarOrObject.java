package io.ociregistry.config.yaml;

import java.util.Optional;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.ScalarNode;

/** A value written as one piece of text, or as a mapping that can set more. */
public record ScalarOrObject<T>(Scalar<T> scalar, ObjectType<T> mapping) implements ValueType<T> {
    @Override
    public Optional<T> read(Node node, ConfigPath path, ParseContext context) {
        return node instanceof ScalarNode ? scalar.read(node, path, context) : mapping.read(node, path, context);
    }
}
