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
 * Which repository of which registry a client means.
 *
 * <p>Clients say it in three ways: the {@code X-Registry} header, the {@code ns} query parameter of the distribution specification
 * ("Registry Proxying"; containerd), or a registry as the first component of the name (podman, skopeo, people). The
 * header beats {@code ns}, both beat the name, and {@code defaultNs} is used if none of them is given. All spellings of
 * Docker Hub are one registry, and its names of one component are in {@code library/}.
 *
 * <p>Some clients send {@code ns} and the same registry in the name, too (containerd with {@code override_path},
 * buildkit). Then the first component is left out, but only if it has a dot or a port. A component without both may be
 * part of the repository's name: in the registry {@code registry.corp.example:5443} with the alias {@code corp} the
 * repositories {@code corp/app} and {@code app} are two. This holds for plain names of registries ({@code harbor},
 * {@code localhost}) as for plain aliases: where {@code ns} has said the registry, a component that stays gives 404 at
 * worst, and a component that is dropped may give another image.
 */
public final class RegistryNames {
    private final Map<String, RegistryName> known = new HashMap<>();
    private final Optional<RegistryName> defaultRegistry;

    /** The names and aliases of a configuration. */
    public RegistryNames(ServerConfig config) {
        for (UpstreamConfig upstream : config.registries()) {
            if (upstream.isWildcard()) {
                continue; // It names none.
            }
            RegistryName name = canonical(upstream.name());
            known.put(upstream.name(), name);
            upstream.aliases().forEach(alias -> known.put(alias, name));
        }
        this.defaultRegistry = config.defaultNs().map(this::canonical);
    }

    /**
     * The repository that a request means.
     *
     * @param explicit what {@code X-Registry} or else {@code ns} says
     * @param path the name in the path, as it came
     * @throws RegistryException {@link ErrorCode#NAME_UNKNOWN} if a part is malformed, or if nothing tells the registry
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
        return new Repository(defaultRegistry.orElseThrow(() -> underivable(path)), path).canonical();
    }

    /** True if a name tells its registry, or the configuration does where names don't. */
    public boolean tellRegistry(String path) {
        int slash = path.indexOf('/');
        String first = slash < 0 ? "" : path.substring(0, slash);
        return defaultRegistry.isPresent() || known.containsKey(first) || RegistryName.isUnmistakable(first);
    }

    /** The one name of a registry that has several. */
    public RegistryName canonical(String text) {
        RegistryName parsed = RegistryName.parse(text).canonical();
        return known.getOrDefault(parsed.toString(), parsed);
    }

    /** True if a component can only be meant as that registry, which is known already. */
    private boolean repeats(String component, RegistryName registry) {
        try {
            return RegistryName.hasDotOrPort(component) && canonical(component).equals(registry);
        } catch (RegistryException e) {
            // It can't be a registry, but a part of a repository's name.
            return false;
        }
    }

    private Optional<RegistryName> prefix(String component) {
        RegistryName name = known.get(component);
        if (name != null) {
            return Optional.of(name);
        }
        return RegistryName.isUnmistakable(component) ? Optional.of(canonical(component)) : Optional.empty();
    }

    private static RegistryException underivable(String path) {
        return new RegistryException(
                ErrorCode.NAME_UNKNOWN,
                "nothing says which registry " + path
                        + " is in: add ?ns=REGISTRY or the header X-Registry, put the registry first in the"
                        + " name, or configure defaultNs");
    }
}
