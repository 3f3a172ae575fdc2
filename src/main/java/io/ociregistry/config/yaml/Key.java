package io.ociregistry.config.yaml;

import java.util.Optional;

/** A key of the configuration file: its name, the type of its value, its default and its purpose. Immutable. */
public final class Key<T> {
    private final String name;
    private final ValueType<T> type;
    private final T fallback;
    private final String doc;

    public Key(String name, ValueType<T> type, T fallback, String doc) {
        this.name = name;
        this.type = type;
        this.fallback = fallback;
        this.doc = doc;
    }

    /** Makes a key without a default. */
    public static <T> Key<Optional<T>> optional(String name, Scalar<T> type, String doc) {
        return new Key<>(name, type.optional(), Optional.empty(), doc);
    }

    public String name() {
        return name;
    }

    /** The value if the file does not have the key. */
    public T fallback() {
        return fallback;
    }

    public String doc() {
        return doc;
    }

    /** Whether this build implements this top-level key. */
    public boolean isSupported() {
        return !UnsupportedKeys.contains(name);
    }

    public ValueType<T> type() {
        return type;
    }

    @Override
    public String toString() {
        return name;
    }
}
