package io.ociregistry.config.yaml;

import java.util.List;
import java.util.Optional;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.ScalarNode;

/** A list that may be written without its brackets if it has one element. */
public record OneOrMore<T>(Scalar<T> element) implements ValueType<List<T>> {
    @Override
    public Optional<List<T>> read(Node node, ConfigPath place, ParseContext reading) {
        return node instanceof ScalarNode
                ? element.read(node, place, reading).map(List::of)
                : new ListOf<>(element).read(node, place, reading);
    }
}
