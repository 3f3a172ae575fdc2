package io.ociregistry.registry.policy;

import io.ociregistry.config.ServerConfig;
import io.ociregistry.config.model.UpstreamConfig;
import io.ociregistry.oci.ErrorCode;
import io.ociregistry.oci.RegistryException;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.oci.Repository;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Resolves the name in a request to a registry and a repository.
 *
 * <p>Clients name the registry in three ways: the {@code X-Registry} header, the {@code ns} query parameter of the
 * distribution specification ("Registry Proxying"; containerd), or the first component of the name (podman, skopeo,
 * people). The header has priority over {@code ns}, both have priority over the name, and {@code defaultNs} applies if
 * none of them is given. All spellings of Docker Hub are one registry, and its names of one component are in
 * {@code library/}.
 *
 * <p>Some clients send {@code ns} and repeat the registry in the name (containerd with {@code override_path},
 * buildkit). Then the first component is dropped, but only if it has a dot or a port. A component without both may be
 * part of the repository's name: in the registry {@code registry.corp.example:5443} with the alias {@code corp}, the
 * repositories {@code corp/app} and {@code app} are two. Plain names of registries ({@code harbor},
 * {@code localhost}) and plain aliases therefore stay: with {@code ns}, a component that stays gives 404 at worst, and
 * a component that is dropped may give another image.
 *
 * <p>Immutable.
 */
public final class RegistryNames {
    private final Map<String, RegistryName> known = new HashMap<>();
    private final Optional<RegistryName> defaultRegistry;

    public RegistryNames(ServerConfig config) {
        for (UpstreamConfig upstream : config.registries()) {
            if (upstream.isWildcard()) {
                continue; // A wildcard is not the name of a registry.
            }
            RegistryName name = canonical(upstream.name());
            known.put(upstream.name(), name);
            upstream.aliases().forEach(alias -> known.put(alias, name));
        }
        this.defaultRegistry = config.defaultNs().map(this::canonical);
    }

    /**
     * Returns the repository of a request.
     *
     * @param explicit the value of {@code X-Registry}, otherwise of {@code ns}
     * @param path the name in the path, as it was sent
     * @throws RegistryException {@link ErrorCode#NAME_UNKNOWN} if a part is malformed, or if the registry is not named
     */
    public Repository resolve(Optional<String> explicit, String path) {
        int slash = path.indexOf('/');
        String first = slash < 0 ? "" : path.substring(0, slash);
        if (explicit.isPresent()) {
            RegistryName registry = canonical(explicit.get());
            return new Repository(registry, repeats(first, registry) ? path.substring(slash + 1) : path).canonical();
        }
        Optional<RegistryName> prefix = prefix(first);
        if (prefix.isPresent()) {
            return new Repository(prefix.get(), path.substring(slash + 1)).canonical();
        }
        return new Repository(defaultRegistry.orElseThrow(() -> registryNotNamed(path)), path).canonical();
    }

    /** True if a name starts with a registry, or if {@code defaultNs} is configured. */
    public boolean hasRegistry(String path) {
        int slash = path.indexOf('/');
        String first = slash < 0 ? "" : path.substring(0, slash);
        return defaultRegistry.isPresent() || known.containsKey(first) || RegistryName.isRegistryComponent(first);
    }

    /** Returns the main name of a registry that may have aliases or other spellings. */
    public RegistryName canonical(String text) {
        RegistryName parsed = RegistryName.parse(text).canonical();
        return known.getOrDefault(parsed.toString(), parsed);
    }

    /** True if a component of a name can only be this registry, which the request has named already. */
    private boolean repeats(String component, RegistryName registry) {
        try {
            return RegistryName.hasDotOrPort(component) && canonical(component).equals(registry);
        } catch (RegistryException e) {
            // The component is part of a repository's name.
            return false;
        }
    }

    private Optional<RegistryName> prefix(String component) {
        RegistryName name = known.get(component);
        if (name != null) {
            return Optional.of(name);
        }
        return RegistryName.isRegistryComponent(component) ? Optional.of(canonical(component)) : Optional.empty();
    }

    private static RegistryException registryNotNamed(String path) {
        return new RegistryException(
                ErrorCode.NAME_UNKNOWN,
                "the request does not name the registry of " + path
                        + ": add ?ns=REGISTRY or the header X-Registry, put the registry first in the"
                        + " name, or configure defaultNs");
    }
}
