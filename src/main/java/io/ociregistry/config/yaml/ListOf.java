package io.ociregistry.config.yaml;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.SequenceNode;

/** Any number of values of one type. */
public record ListOf<T>(ValueType<T> element) implements ValueType<List<T>> {
    @Override
    public Optional<List<T>> read(Node node, ConfigPath place, ParseContext reading) {
        if (!(node instanceof SequenceNode sequence)) {
            reading.problem(node, place, "is a " + node.getNodeId() + ", but must be a list");
            return Optional.empty();
        }
        var items = new ArrayList<T>();
        int index = 0;
        for (Node item : sequence.getValue()) {
            var itemPlace = place.item(index++);
            if (ObjectType.saysNothing(item)) {
                reading.problem(item, itemPlace, "is empty; remove it or give it a value");
                continue;
            }
            element.read(item, itemPlace, reading).ifPresent(items::add);
        }
        return Optional.of(List.copyOf(items));
    }
}
