package io.ociregistry.config.yaml;

import java.util.Set;
import org.yaml.snakeyaml.nodes.Node;

/** The keys that are read and checked, but that nothing listens to yet. Delivering one means to remove its line here. */
public final class NotInThisBuild {
    private static final Set<String> KEYS = Set.of("configFile", "health", "helloWorld", "metrics");

    private NotInThisBuild() {}

    static boolean contains(String key) {
        return KEYS.contains(key);
    }

    /** Whoever writes a default down asks for nothing, so only other values are worth a warning. */
    public static <T> void warn(Key<T> key, T value, Node node, ConfigPath place, ParseContext reading) {
        if (contains(place.key()) && !value.equals(key.fallback())) {
            reading.warning(node, place, "has no effect in this build");
        }
    }
}
