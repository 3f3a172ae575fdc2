package io.ociregistry.config.yaml;

import java.util.Optional;
import org.yaml.snakeyaml.nodes.Node;

/** What a key's value may be, and how it is read. */
public interface ValueType<T> {
    /** The value, or empty when something about it was wrong and has been reported. */
    Optional<T> read(Node node, ConfigPath place, ParseContext reading);
}
