package io.ociregistry.config.yaml;

/**
 * Where a value stands: as people are told it ({@code registries[2].auth.user}, {@code --port}), and as the table of keys
 * has it ({@code registries.auth.user}, {@code port}).
 */
public record Place(String shown, String key) {
    public static final Place ROOT = new Place("", "");

    public Place child(String name) {
        return new Place(join(shown, name), join(key, name));
    }

    Place item(int index) {
        return new Place(shown + "[" + index + "]", key);
    }

    private static String join(String parent, String name) {
        return parent.isEmpty() ? name : parent + "." + name;
    }
}
