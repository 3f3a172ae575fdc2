package io.ociregistry.config;

import io.ociregistry.config.yaml.Key;
import io.ociregistry.config.yaml.ParseContext;
import java.util.LinkedHashMap;
import java.util.Map;
import org.yaml.snakeyaml.DumperOptions.ScalarStyle;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.Tag;

/**
 * Values of the command line, which take precedence over those of the file and are parsed and checked in the same way.
 */
public final class Overrides {
    private final Map<Key<?>, Given> given = new LinkedHashMap<>();

    private record Given(String option, String text) {}

    public static Overrides none() {
        return new Overrides();
    }

    /** Sets a value. Messages name it by its option, such as {@code --port}; an empty text means the key's default. */
    public Overrides put(Key<?> key, String option, String text) {
        given.put(key, new Given(option, text));
        return this;
    }

    ServerConfig applyTo(ServerConfig config, ParseContext context) {
        var result = config;
        for (var entry : given.entrySet()) {
            result = applyTo(result, entry.getKey(), entry.getValue(), context);
        }
        return result;
    }

    private static <T> ServerConfig applyTo(ServerConfig config, Key<T> key, Given given, ParseContext context) {
        var node = new ScalarNode(Tag.STR, given.text(), null, null, ScalarStyle.PLAIN);
        if (given.text().isEmpty()) {
            return config.with(key, key.fallback());
        }
        return key.read(node, given.option(), context)
                .map(value -> config.with(key, value))
                .orElse(config);
    }
}
