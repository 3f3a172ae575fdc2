package io.ociregistry.upstream.http;

import io.ociregistry.config.model.MirrorConfig;
import io.ociregistry.oci.RegistryName;
import io.ociregistry.upstream.address.Origin;
import java.net.URI;
import java.util.Optional;

/**
 * The address of a registry or of a mirror of it, and the names that the registry's repositories have there.
 *
 * @param prefix the prefix of repository names, with a slash at its end; empty for none
 * @param ns the registry to send in the query parameter {@code ns} to a mirror that caches several registries
 *     (distribution specification, "Registry Proxying")
 * @param isMirror true for a mirror
 */
public record UpstreamLocation(Origin origin, String prefix, Optional<RegistryName> ns, boolean isMirror) {
    /** Returns the location of the registry itself. */
    public static UpstreamLocation of(Origin registry) {
        return new UpstreamLocation(registry, "", Optional.empty(), false);
    }

    public static UpstreamLocation of(MirrorConfig mirror, RegistryName registry) {
        return new UpstreamLocation(
                Origin.of(mirror.url()),
                mirror.prefix().map(path -> path + "/").orElse(""),
                Optional.of(registry).filter(name -> mirror.ns()),
                true);
    }

    /** Returns true for a caching mirror, which answers for the registry because it asks the registry itself. */
    public boolean isPullThroughMirror() {
        return ns.isPresent();
    }

    /**
     * Returns the name of the repository at this location.
     *
     * <p>A caching mirror may take a first component that looks like a registry for the registry in {@code ns}, and
     * drop it. So the registry is put before such a name.
     */
    String repository(String name) {
        String first = name.substring(0, Math.max(0, name.indexOf('/')));
        boolean looksLikeRegistry = prefix.isEmpty() && RegistryName.isRegistryComponent(first);
        return ns.filter(registry -> looksLikeRegistry)
                        .map(registry -> registry.withPort() + "/")
                        .orElse(prefix)
                + name;
    }

    /**
     * Returns the URI of a resource in a repository.
     *
     * @param path the path relative to the repository
     * @param query the query without the question mark; empty for none
     */
    URI uri(String repository, String path, String query) {
        // The mirror's links to next pages contain ns already.
        boolean hasNs = ("&" + query).contains("&ns=");
        String more = ns.filter(name -> !hasNs).map(name -> "ns=" + name).orElse("");
        String all = query + (query.isEmpty() || more.isEmpty() ? "" : "&") + more;
        // The brackets of an IPv6 address are not allowed in a path.
        String escaped = repository(repository).replace("[", "%5B").replace("]", "%5D");
        return origin.resolve("/v2/" + escaped + "/" + path + (all.isEmpty() ? "" : "?" + all));
    }
}
