package io.ociregistry.config.yaml;

import java.util.Optional;
import org.yaml.snakeyaml.nodes.Node;

/** The type of a key's value: reads it from a YAML node. */
public interface ValueType<T> {
    /** Returns the value, or reports its problems to the context and returns empty. */
    Optional<T> read(Node node, ConfigPath path, ParseContext context);
}
