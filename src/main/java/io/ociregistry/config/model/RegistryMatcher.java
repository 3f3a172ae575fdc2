package io.ociregistry.config.model;

import io.ociregistry.oci.RegistryName;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Finds the entry under {@code registries} that applies to a registry.
 *
 * <p>An exact name takes precedence over a wildcard, and a longer wildcard over a shorter one:
 * {@code *.lab.corp.example} over {@code *.corp.example}. A wildcard matches one or more labels, and only its own port.
 * Immutable.
 */
public final class RegistryMatcher<T> {
    private final Map<String, T> entries = new HashMap<>();

    /** Makes a matcher that returns the value of an entry. */
    public RegistryMatcher(List<UpstreamConfig> registries, Function<UpstreamConfig, T> value) {
        registries.forEach(registry -> entries.put(registry.name(), value.apply(registry)));
    }

    /** The value of the entry that applies to this registry; empty if there is none. */
    public Optional<T> find(RegistryName name) {
        T exact = entries.get(name.toString());
        return exact != null ? Optional.of(exact) : wildcard(name);
    }

    private Optional<T> wildcard(RegistryName name) {
        String text = name.toString();
        int end = name.host().length();
        for (int dot = text.indexOf('.'); dot >= 0 && dot < end; dot = text.indexOf('.', dot + 1)) {
            T value = entries.get("*" + text.substring(dot));
            if (value != null) {
                return Optional.of(value);
            }
        }
        return Optional.empty();
    }
}
