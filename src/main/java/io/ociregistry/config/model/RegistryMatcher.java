package io.ociregistry.config.model;

import io.ociregistry.oci.RegistryName;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * What the entries under {@code registries} say, to be found by the name of a registry. An entry for that very name goes before a wildcard, and a
 * longer wildcard before a shorter one: {@code *.lab.corp.example} before {@code *.corp.example}. A wildcard stands for one label or more, and
 * for its own port alone.
 */
public final class RegistryMatcher<T> {
    private final Map<String, T> entries = new HashMap<>();

    /** What is made of each entry. */
    public RegistryMatcher(List<UpstreamConfig> registries, Function<UpstreamConfig, T> value) {
        registries.forEach(registry -> entries.put(registry.name(), value.apply(registry)));
    }

    /** What the entry says that counts for that registry; empty if none does. */
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
