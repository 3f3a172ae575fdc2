package io.ociregistry.config.yaml;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.SequenceNode;

/** A list of values of one type; an empty element is a problem. */
public record ListOf<T>(ValueType<T> element) implements ValueType<List<T>> {
    @Override
    public Optional<List<T>> read(Node node, ConfigPath path, ParseContext context) {
        if (!(node instanceof SequenceNode sequence)) {
            context.problem(node, path, "is a " + node.getNodeId() + ", but must be a list");
            return Optional.empty();
        }
        var items = new ArrayList<T>();
        int index = 0;
        for (Node item : sequence.getValue()) {
            var itemPath = path.item(index++);
            if (ObjectType.isNullOrEmpty(item)) {
                context.problem(item, itemPath, "is empty; remove it or give it a value");
                continue;
            }
            element.read(item, itemPath, context).ifPresent(items::add);
        }
        return Optional.of(List.copyOf(items));
    }
}
