package io.ociregistry.config.yaml;

import java.util.List;
import java.util.Optional;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.ScalarNode;

/** A list, which may be written as a single value if it has one element. */
public record OneOrMore<T>(Scalar<T> element) implements ValueType<List<T>> {
    @Override
    public Optional<List<T>> read(Node node, ConfigPath path, ParseContext context) {
        return node instanceof ScalarNode
                ? element.read(node, path, context).map(List::of)
                : new ListOf<>(element).read(node, path, context);
    }
}
