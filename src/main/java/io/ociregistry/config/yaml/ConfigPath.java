package io.ociregistry.config.yaml;

/**
 * The path of a value in the configuration.
 *
 * @param displayName the path in messages: {@code registries[2].auth.user}, {@code --port}
 * @param key the path in the table of keys: {@code registries.auth.user}, {@code port}
 */
public record ConfigPath(String displayName, String key) {
    public static final ConfigPath ROOT = new ConfigPath("", "");

    public ConfigPath child(String name) {
        return new ConfigPath(join(displayName, name), join(key, name));
    }

    ConfigPath item(int index) {
        return new ConfigPath(displayName + "[" + index + "]", key);
    }

    private static String join(String parent, String name) {
        return parent.isEmpty() ? name : parent + "." + name;
    }
}
