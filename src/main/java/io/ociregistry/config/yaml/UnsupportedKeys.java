package io.ociregistry.config.yaml;

import java.util.Set;
import org.yaml.snakeyaml.nodes.Node;

/** The top-level keys that are parsed but not implemented. Implementing a key means removing it from this list. */
public final class UnsupportedKeys {
    private static final Set<String> KEYS = Set.of("configFile", "health", "helloWorld", "metrics");

    private UnsupportedKeys() {}

    static boolean contains(String key) {
        return KEYS.contains(key);
    }

    /** Warns of a key without effect, unless its value is the default, which requests nothing. */
    public static <T> void warn(Key<T> key, T value, Node node, ConfigPath path, ParseContext context) {
        if (contains(path.key()) && !value.equals(key.fallback())) {
            context.warning(node, path, "has no effect in this build");
        }
    }
}
