package io.ociregistry.upstream;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;

/** A map that forgets what was not asked for longest when it gets too big. Safe for threads. */
final class Lru<K, V> {
    private final Map<K, V> entries; // guarded by this

    Lru(int limit) {
        entries = new LinkedHashMap<>(16, 0.75f, true) {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
                return size() > limit;
            }
        };
    }

    synchronized Optional<V> get(K key) {
        return Optional.ofNullable(entries.get(key));
    }

    /** What is there; else what {@code make} makes, which must not block. */
    synchronized V get(K key, Function<K, V> make) {
        return entries.computeIfAbsent(key, make);
    }

    synchronized void put(K key, V value) {
        entries.put(key, value);
    }

    synchronized void removeIf(Predicate<V> unwanted) {
        entries.values().removeIf(unwanted);
    }

    /** Removes a value, unless another one took its place. */
    synchronized void remove(K key, V value) {
        entries.remove(key, value);
    }
}
