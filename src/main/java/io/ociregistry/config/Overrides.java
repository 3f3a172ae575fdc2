package io.ociregistry.config;

import io.ociregistry.config.yaml.ConfigPath;
import io.ociregistry.config.yaml.Key;
import io.ociregistry.config.yaml.NotInThisBuild;
import io.ociregistry.config.yaml.ParseContext;
import java.util.LinkedHashMap;
import java.util.Map;
import org.yaml.snakeyaml.DumperOptions.ScalarStyle;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.Tag;

/** What beats the file: values as text, read and checked just as the file's are, each under the name of the option it came by. */
public final class Overrides {
    private final Map<Key<?>, Given> given = new LinkedHashMap<>();

    private record Given(String option, String text) {}

    public static Overrides none() {
        return new Overrides();
    }

    /** Puts a value over the file's; problems name it by the option as the user knows it, {@code --port}. */
    public Overrides put(Key<?> key, String option, String text) {
        given.put(key, new Given(option, text));
        return this;
    }

    ServerConfig over(ServerConfig config, ParseContext reading) {
        var result = config;
        for (var entry : given.entrySet()) {
            result = over(result, entry.getKey(), entry.getValue(), reading);
        }
        return result;
    }

    private static <T> ServerConfig over(ServerConfig config, Key<T> key, Given given, ParseContext reading) {
        var node = new ScalarNode(Tag.STR, given.text(), null, null, ScalarStyle.PLAIN);
        var place = new ConfigPath(given.option(), key.name());
        if (given.text().isEmpty()) {
            return config.with(key, key.fallback());
        }
        var value = key.type().read(node, place, reading);
        value.ifPresent(v -> NotInThisBuild.warn(key, v, node, place, reading));
        return value.map(v -> config.with(key, v)).orElse(config);
    }
}
