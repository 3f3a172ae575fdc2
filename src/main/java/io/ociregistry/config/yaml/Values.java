package io.ociregistry.config.yaml;

import java.util.HashMap;
import java.util.Map;

/** The values of a mapping; a key that the mapping does not have has its default. Immutable. */
public final class Values {
    public static final Values NONE = new Values(Map.of());

    private final Map<Key<?>, Object> set;

    private Values(Map<Key<?>, Object> set) {
        this.set = set;
    }

    // Only with() fills the map, and it pairs a Key<T> with a T.
    @SuppressWarnings("unchecked")
    public <T> T get(Key<T> key) {
        return (T) set.getOrDefault(key, key.fallback());
    }

    public boolean has(Key<?> key) {
        return set.containsKey(key);
    }

    public <T> Values with(Key<T> key, T value) {
        Map<Key<?>, Object> copy = new HashMap<>(set);
        copy.put(key, value);
        return new Values(copy);
    }

    /** Returns a copy with the value that one key has in other values. */
    public <T> Values withValueFrom(Key<T> key, Values other) {
        return with(key, other.get(key));
    }

    @Override
    public String toString() {
        return set.toString();
    }
}
