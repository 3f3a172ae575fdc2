package io.ociregistry.config.yaml;

import java.util.Optional;
import org.yaml.snakeyaml.nodes.Node;

/** A key of the configuration file: its name, the type of its value and its default. Immutable. */
public final class Key<T> {
    private final String name;
    private final ValueType<T> type;
    private final T fallback;
    private final boolean reloadable;
    private final Optional<String> warning;

    public Key(String name, ValueType<T> type, T fallback) {
        this(name, type, fallback, false, Optional.empty());
    }

    private Key(String name, ValueType<T> type, T fallback, boolean reloadable, Optional<String> warning) {
        this.name = name;
        this.type = type;
        this.fallback = fallback;
        this.reloadable = reloadable;
        this.warning = warning;
    }

    /** Makes a key without a default. */
    public static <T> Key<Optional<T>> optional(String name, Scalar<T> type) {
        return new Key<>(name, type.optional(), Optional.empty());
    }

    /** Returns this key as a key that a reload applies. The others need a restart. */
    public Key<T> reloadable() {
        return new Key<>(name, type, fallback, true, warning);
    }

    /** Returns this key as a key without effect. Its values other than the default cause this warning. */
    public Key<T> withoutEffect(String reason) {
        return new Key<>(name, type, fallback, reloadable, Optional.of(reason));
    }

    public String name() {
        return name;
    }

    /** The value if the file does not have the key. */
    public T fallback() {
        return fallback;
    }

    /** Whether a reload applies a change of this top-level key; otherwise the change needs a restart. */
    public boolean isReloadable() {
        return reloadable;
    }

    /** The warning about a value of this key; empty if the key has an effect. */
    public Optional<String> warning() {
        return warning;
    }

    /** Reads a value, and warns if the key has no effect and the value requests one. */
    public Optional<T> read(Node node, String path, ParseContext context) {
        Optional<T> value = type.read(node, path, context);
        if (value.filter(read -> !read.equals(fallback)).isPresent()) {
            warning.ifPresent(text -> context.warning(node, path, text));
        }
        return value;
    }

    public ValueType<T> type() {
        return type;
    }

    @Override
    public String toString() {
        return name;
    }
}
